"""A registry on loopback that speaks the OCI distribution protocol."""

from __future__ import annotations

import json
import threading
from base64 import b64encode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from tests.fakes.images import Blobs


class Registry:
    """Serves ``blobs`` and ``tags`` (``repository:tag`` to digest) until ``close``.

    With ``login`` (user and password, or "" for a token that everyone gets) it wants a token.
    ``requests`` are the paths that were asked for.
    """

    def __init__(self, *, login: str | None = None) -> None:
        self.blobs = Blobs()
        self.tags: dict[str, str] = {}
        self.login = login
        self.requests: list[str] = []
        self.corrupt: set[str] = set()
        self.redirect: set[str] = set()
        handler = type("Handler", (_Handler,), {"registry": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def answer(self, target: str, authorization: str) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of a GET."""
        url = urlsplit(target)
        self.requests.append(url.path)
        if url.path == "/token":
            return self._token(parse_qs(url.query), authorization)
        if url.path.startswith("/elsewhere/"):
            return 200, {}, self.blobs[url.path.removeprefix("/elsewhere/")]
        if self.login is not None and authorization != "Bearer secret":
            challenge = f'Bearer realm="http://{self.host}/token",service="fake"'
            return 401, {"www-authenticate": challenge}, b"{}"
        repository, _, rest = url.path.removeprefix("/v2/").rpartition("/manifests/")
        if repository:
            return self._manifest(repository, rest)
        _, _, digest = url.path.rpartition("/blobs/")
        if digest in self.redirect:
            return 307, {"location": f"/elsewhere/{digest}"}, b""
        return self._blob(digest)

    def put(
        self, target: str, authorization: str, data: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of a POST or PUT."""
        url = urlsplit(target)
        self.requests.append(url.path)
        if self.login is not None and authorization != "Bearer secret":
            challenge = f'Bearer realm="http://{self.host}/token",service="fake"'
            return 401, {"www-authenticate": challenge}, b"{}"
        if url.path.endswith("/blobs/uploads/"):
            return 202, {"location": f"{url.path}1?state=x"}, b""
        if url.path.endswith("/blobs/uploads/1"):
            right = parse_qs(url.query)["digest"] == [self.blobs.put(data)]
            return (201 if right else 400), {}, b""
        repository, _, version = url.path.removeprefix("/v2/").rpartition("/manifests/")
        self.tags[f"{repository}:{version}"] = self.blobs.put(data)
        return 201, {}, b""

    def _manifest(self, repository: str, version: str) -> tuple[int, dict[str, str], bytes]:
        digest = self.tags.get(f"{repository}:{version}", version)
        status, headers, data = self._blob(digest)
        if status != 200:
            fault = {"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}
            return 404, {}, json.dumps({"errors": [fault]}).encode()
        return status, headers | {"docker-content-digest": digest}, data

    def _blob(self, digest: str) -> tuple[int, dict[str, str], bytes]:
        if digest not in self.blobs:
            return 404, {}, b"not json"
        data = self.blobs[digest]
        return 200, {}, data[:-1] + b"?" if digest in self.corrupt else data

    def _token(
        self, query: dict[str, list[str]], authorization: str
    ) -> tuple[int, dict[str, str], bytes]:
        wanted = f"Basic {b64encode((self.login or '').encode()).decode()}" if self.login else ""
        if authorization != wanted or not query["scope"][0].endswith((":pull", ":pull,push")):
            return 401, {}, b'{"errors": [{"code": "UNAUTHORIZED", "message": "Bad login"}]}'
        return 200, {}, b'{"token": "secret"}'


class _Handler(BaseHTTPRequestHandler):
    registry: Registry

    def do_GET(self) -> None:
        self._reply(*self.registry.answer(self.path, self.headers.get("authorization", "")))

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_PUT(self) -> None:
        data = self._body()
        token = self.headers.get("authorization", "")
        self._reply(*self.registry.put(self.path, token, data))

    def do_POST(self) -> None:
        self.do_PUT()

    def _body(self) -> bytes:
        if self.headers.get("transfer-encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("content-length", "0")))
        data = b""
        while size := int(self.rfile.readline(), 16):
            data += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return data

    def _reply(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Silence."""
