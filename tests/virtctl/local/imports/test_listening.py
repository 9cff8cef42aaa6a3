"""A server that ends by itself; what it serves is tested with what is served."""

from __future__ import annotations

import socket
import ssl
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from virtctl.local import pki
from virtctl.local.imports.listening import TlsServer


def test_it_ends_when_nobody_comes(tmp_path: Path) -> None:
    keys = pki.ensure(tmp_path, ("127.0.0.1",))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(keys.server, keys.server_key)
    with TlsServer(
        socket.create_server(("127.0.0.1", 0)), BaseHTTPRequestHandler, context
    ) as server:
        begun = time.monotonic()
        server.serve_until_idle(0.05, 0.01)
        assert time.monotonic() - begun >= 0.05
