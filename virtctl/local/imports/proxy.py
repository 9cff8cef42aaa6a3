"""The upload proxy: takes images by HTTPS into the claims that wait for them.

Paths, codes and tokens are those of CDI's upload proxy. The process is started when somebody
connects, with a socket that already listens, and ends when nobody has for a while.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from virtctl.errors import LocalError, VirtctlError
from virtctl.local.imports.bodies import body_of, file_of_form
from virtctl.local.imports.filling import Filling, Landed
from virtctl.local.imports.job import FAILED, SUCCEEDED, Desk, Refused, State
from virtctl.local.imports.listening import TlsServer
from virtctl.local.imports.tokens import Grant, Tokens
from virtctl.local.imports.unpacking import pieces
from virtctl.local.imports.worker import Teller

_PATHS = {
    "/v1alpha1/upload": (False, False),
    "/v1alpha1/upload-async": (True, False),
    "/v1beta1/upload": (False, False),
    "/v1beta1/upload-async": (True, False),
    "/v1beta1/upload-form": (False, True),
    "/v1beta1/upload-form-async": (True, True),
}
"""Whether an upload is answered before it is processed, and whether it is a form's field."""

_LINGER = 32 << 20  # bytes that are read after a refusal, so that its sender sees it


class Proxy(TlsServer):
    """Serves on ``listener``; jobs are below ``root``."""

    def __init__(
        self, listener: socket.socket, root: Path, tokens: Tokens, context: ssl.SSLContext
    ) -> None:
        super().__init__(listener, _Handler, context)
        self.root = root
        self.tokens = tokens


class _Handler(BaseHTTPRequestHandler):
    """One request; the connection ends with it."""

    server: Proxy
    protocol_version = "HTTP/1.1"
    rbufsize = 1 << 20

    def do_GET(self) -> None:
        """Health only."""
        self._answer(200 if self.path == "/healthz" else 404, "OK")

    def do_OPTIONS(self) -> None:
        """What browsers ask before they upload (CORS)."""
        headers = {"Access-Control-Allow-Methods": "POST"}
        wanted = self.headers.get("Access-Control-Request-Headers")
        if wanted:
            headers["Access-Control-Allow-Headers"] = wanted
        self._answer(204, "", headers)

    def do_HEAD(self) -> None:
        """Whether there is an upload that is answered before it is processed."""
        desk = self._desk()
        if desk is not None:
            is_async, is_form = _PATHS[self._path]
            self._answer(200 if is_async and not is_form else 404)

    def do_POST(self) -> None:
        """An upload."""
        desk = self._desk()
        taken = False
        if desk is not None:
            with desk.try_turn() as ours:
                if ours:
                    taken = self._take(desk)
                else:
                    self._answer(503, "another upload into this claim is under way")
        if not taken:
            self._linger()

    @property
    def _path(self) -> str:
        return self.path.partition("?")[0].rstrip("/")

    def _desk(self) -> Desk | None:
        """The job of the claim that the token is for; without one the request is answered."""
        if self._path not in _PATHS:
            self._answer(404)
            return None
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            self._answer(400)
            return None
        grant = self.server.tokens.read(token.strip(), time.time())
        if grant is None:
            self._answer(401)
            return None
        return self._ready(grant)

    def _ready(self, grant: Grant) -> Desk | None:
        desk = Desk(self.server.root / grant.uid)
        try:
            waits = desk.job().source.kind == "upload"
        except LocalError:
            waits = False
        if not waits or desk.state().phase == SUCCEEDED:
            self._answer(503, f"the claim {grant.namespace}/{grant.name} waits for no upload")
            return None
        return desk

    def _take(self, desk: Desk) -> bool:
        """Take an upload; whether its body was read to the end."""
        is_async, is_form = _PATHS[self._path]
        answered = False
        try:
            job = desk.job()
            filling = Filling(job, desk, Teller(desk))
            filling.clear()
            landed = self._land(filling, is_form=is_form)
            if is_async:
                self._answer(200)
                answered = True
            filling.complete(landed)
            desk.tell(State(phase=SUCCEEDED, progress=1.0))
            if not answered:
                self._answer(200)
        except (VirtctlError, OSError) as error:
            desk.tell(State(phase=FAILED, message=str(error)))
            if answered:
                return True
            code = 400 if isinstance(error, Refused) else 500
            self._answer(code, f"Saving stream failed: {error}")
            return False
        return True

    def _land(self, filling: Filling, *, is_form: bool) -> Landed:
        headers = {name.lower(): value for name, value in self.headers.items()}
        body, total = body_of(self.rfile, headers)
        if is_form:
            return filling.land(file_of_form(body, headers.get("content-type", "")))
        return filling.land(pieces(body), total)

    def _answer(self, code: int, text: str = "", headers: dict[str, str] | None = None) -> None:
        self.close_connection = True
        body = b"" if self.command == "HEAD" else text.encode()
        with contextlib.suppress(OSError):
            self.send_response(code)
            self.send_header("Access-Control-Allow-Origin", "*")
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(body)
            self.wfile.flush()

    def _linger(self) -> None:
        """Read on for a while: who sends does not look at an answer, and a reset would hide it."""
        left = _LINGER
        with contextlib.suppress(OSError):
            self.connection.settimeout(2.0)
            while left > 0 and (data := self.rfile.read1(1 << 16)):
                left -= len(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
        """Nothing: requests are told of by the claim."""


def serve(descriptor: int, root: Path, certificate: Path, key: Path) -> None:
    """Serve on a listening socket that was inherited, until nobody comes any more."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    tokens = Tokens((root / "key").read_bytes())
    listener = socket.socket(fileno=descriptor)
    with Proxy(listener, root, tokens, context) as proxy:
        proxy.serve_until_idle()
