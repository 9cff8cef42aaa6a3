"""One connection to a server: straight, by proxy or Unix socket, with TLS or without."""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from virtctl.client.kubeconfig import Target
from virtctl.client.proxies import proxy_for
from virtctl.errors import ConfigError


class Wish(NamedTuple):
    """How to connect: the TLS context for ``https``, and seconds to wait (None: for ever)."""

    context: ssl.SSLContext | None
    timeout: float | None


def connection_to(
    target: Target, environ: Mapping[str, str], wish: Wish
) -> http.client.HTTPConnection:
    """A connection to ``target.server``, not opened yet. Raises ``ConfigError`` for other URLs."""
    if target.server.startswith("unix:"):
        return UnixConnection(socket_path(target.server), wish.timeout)
    url = urlsplit(target.server)
    if not url.hostname or url.scheme not in {"http", "https"}:
        raise ConfigError(f"server `{target.server}` is not an http, https or unix URL")
    port = url.port or (443 if url.scheme == "https" else 80)
    proxy = proxy_for(target, environ)
    if proxy is not None:
        name = target.tls_server_name
        return proxy.connection(url.hostname, port, wish.context, wish.timeout, name)
    if wish.context is None:
        return PlainConnection(url.hostname, port, wish.timeout)
    name = target.tls_server_name
    return NamedTlsConnection(url.hostname, port, wish.context, wish.timeout, name)


def socket_path(server: str) -> str:
    """The path in ``unix:PATH`` or ``unix://PATH``."""
    return unquote(server.removeprefix("unix:").removeprefix("//"))


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket, as the embedded server offers."""

    def __init__(self, path: str, timeout: float | None) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class PlainConnection(http.client.HTTPConnection):
    """HTTP."""

    def __init__(self, host: str, port: int, timeout: float | None) -> None:
        super().__init__(host, port, timeout=timeout)
        self._create_connection = _dial


def _dial(address: tuple[str, int], timeout: float | None, *_: object) -> socket.socket:
    host, port = address
    return socket.create_connection((_wire_name(host), port), timeout)  # type: ignore[arg-type]


def _wire_name(name: str) -> str | bytes:
    """A name as bytes where that is all the same: strings are taken for IDNA, which costs 5 ms."""
    return name.encode() if name.isascii() else name


class NamedTlsConnection(http.client.HTTPSConnection):
    """HTTPS whose certificate may bear another name than the host (``tls-server-name``)."""

    def __init__(
        self, host: str, port: int, context: ssl.SSLContext, timeout: float | None, name: str
    ) -> None:
        super().__init__(host, port, context=context, timeout=timeout)
        self._create_connection = _dial
        self._tls = context
        self._name = name

    def connect(self) -> None:
        http.client.HTTPConnection.connect(self)
        name = _wire_name(self._name or self.host)
        self.sock = self._tls.wrap_socket(self.sock, server_hostname=name)
