"""A web server on loopback for downloads: ranges, and ways to fail."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self


class WebServer:
    """Serves ``files`` by path until ``close``.

    ``breaks`` holds, by path, after how many bytes each of the next answers breaks off;
    ``answers`` a status instead of the file; ``claimed`` another length than the true one.
    ``check`` is asked with each request's path and headers, and refuses with a status.
    ``requests`` are paths with the range that was asked for.
    """

    def __init__(self, *, ranges: bool = True, tls: ssl.SSLContext | None = None) -> None:
        self.files: dict[str, bytes] = {}
        self.breaks: dict[str, list[int]] = {}
        self.answers: dict[str, list[tuple[int, dict[str, str]]]] = {}
        self.claimed: dict[str, int] = {}
        self.tags: dict[str, str] = {}
        self.check: Callable[[str, dict[str, str]], int] = lambda path, headers: 0
        self.requests: list[tuple[str, str]] = []
        self.posted: list[bytes] = []
        self.ranges = ranges
        self.pace: Callable[[], None] = lambda: None
        handler = type("Handler", (_Handler,), {"web": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.scheme = "http" if tls is None else "https"
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def url(self, path: str) -> str:
        return f"{self.scheme}://127.0.0.1:{self._server.server_port}/{path}"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Handler(BaseHTTPRequestHandler):
    web: WebServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.close_connection = True
        path = self.path.partition("?")[0].lstrip("/")
        asked = self.headers.get("range", "")
        self.web.requests.append((path, asked))
        headers = {name.lower(): value for name, value in self.headers.items()}
        code = self.web.check(path, headers)
        if code or self.web.answers.get(path):
            code, extra = (code, {}) if code else self.web.answers[path].pop(0)
            self._head(code, {"content-length": "0", **extra})
            return
        self._send(path, asked)

    def do_POST(self) -> None:
        self.close_connection = True
        length = int(self.headers["content-length"])
        self.web.posted.append(self.rfile.read(length))
        if self.web.answers.get(self.path.lstrip("/")):
            code, extra = self.web.answers[self.path.lstrip("/")].pop(0)
            self._head(code, {"content-length": "0", **extra})
            return
        data = self.web.files[self.path.lstrip("/")]
        self._head(200, {"content-length": str(len(data))})
        self.wfile.write(data)

    def _send(self, path: str, asked: str) -> None:
        data = self.web.files.get(path)
        if data is None:
            self._head(404, {"content-length": "0"})
            return
        begin, tag = 0, self.web.tags.get(path, '"1"')
        same = self.headers.get("if-range", tag) == tag
        headers = {"etag": tag} if tag else {}
        if self.web.ranges and asked and same:
            begin = int(asked.removeprefix("bytes=").partition("-")[0])
            headers["content-range"] = f"bytes {begin}-{len(data) - 1}/{len(data)}"
        headers["content-length"] = str(self.web.claimed.get(path, len(data)) - begin)
        self._head(206 if begin else 200, headers)
        broken = self.web.breaks.get(path)
        end = begin + broken.pop(0) if broken else len(data)
        try:
            for place in range(begin, min(end, len(data)), 1 << 16):
                self.wfile.write(data[place : min(place + (1 << 16), end)])
                self.web.pace()
        except OSError:
            return  # the reader has gone

    def _head(self, code: int, headers: dict[str, str]) -> None:
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("connection", "close")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Silence."""
