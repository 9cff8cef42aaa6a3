"""The export server: gives disks of claims and snapshots to whoever has the export's token.

What may be read is in files that the daemon writes (``Offer``), one for each export; when such a
file is gone, so is the download that is under way. The process is started when somebody connects,
and ends when nobody has for a while.
"""

from __future__ import annotations

import contextlib
import hmac
import html
import json
import re
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import parse_qs, quote, unquote, urlsplit

import msgspec
import yaml

from virtctl.errors import LocalError
from virtctl.local.imports import diskstreams
from virtctl.local.imports.diskstreams import Sink
from virtctl.local.imports.listening import TlsServer
from virtctl.local.imports.offers import Disk, Offer, certificate, place, places

_PATH = re.compile(
    r"/api/export\.kubevirt\.io/v1(?:beta1)?/namespaces/([^/]+)/virtualmachineexports/([^/]+)/(.+)"
)
_INNER = re.compile(r"/((?:internal/manifests|volumes)/.+)")
_SERVICE = re.compile(r"([a-z0-9-]+)\.([a-z0-9-]+)\.svc(?:\..*)?")
_HEADER = "x-kubevirt-export-token"
_CHECKED = 16 << 20  # bytes between two looks whether they may still be read
_PATIENCE = 3.0  # seconds that an export may need to become known here
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_OCTETS = "application/octet-stream"
_ABSENT = b"404 page not found\n"


class ExportServer(TlsServer):
    """Serves on ``listener`` what is offered below ``root``."""

    def __init__(self, listener: socket.socket, root: Path, context: ssl.SSLContext) -> None:
        super().__init__(listener, _Handler, context)
        self.root = root

    def offer(self, namespace: str, name: str) -> Offer | None:
        """What is offered under a name; waits a little for one that was just made."""
        deadline = time.monotonic() + _PATIENCE
        path = place(self.root, namespace, name)
        while True:
            with contextlib.suppress(OSError, msgspec.DecodeError):
                return msgspec.json.decode(path.read_bytes(), type=Offer)
            if time.monotonic() >= deadline:
                return None
            time.sleep(0.05)

    def inner(self, host: str, token: str) -> tuple[Path, Offer] | None:
        """The export that somebody in the cluster asks for.

        By the Service's name; whoever comes through a tunnel has another one, and the token.
        """
        service = _SERVICE.fullmatch(host)
        found = None
        for path in places(self.root, service[2] if service else "*"):
            with contextlib.suppress(OSError, msgspec.DecodeError):
                offer = msgspec.json.decode(path.read_bytes(), type=Offer)
                ours = _is_token(token, offer)
                if (service and offer.service == service[1]) or (not service and ours):
                    found = (path, offer)
                if found and ours:
                    break
        return found


class _Handler(BaseHTTPRequestHandler):
    """One request; the connection ends with it."""

    server: ExportServer
    protocol_version = "HTTP/1.1"
    _begun = False

    def do_HEAD(self) -> None:
        """As GET, without the contents."""
        self.do_GET()

    def do_GET(self) -> None:
        """A disk, a list of files, or a manifest."""
        self.close_connection = True
        parts = urlsplit(self.path)
        if parts.path == "/exportready":
            self._answer(200, b"OK")
            return
        asked = unquote(parts.path)
        outer, inner = _PATH.fullmatch(asked), _INNER.fullmatch(asked)
        given = self.headers.get(_HEADER) or parse_qs(parts.query).get(_HEADER, [""])[0]
        if outer is not None:
            offer = self.server.offer(outer[1], outer[2])
            found = offer and (place(self.server.root, outer[1], outer[2]), offer)
            rest = outer[3].removeprefix("external/")
        elif inner is not None:
            host = self.headers.get("Host", "").partition(":")[0]
            found, rest = self.server.inner(host, given), inner[1]
        else:
            self._answer(404, _ABSENT)
            return
        if not found:
            self._answer(404, b"there is no such export, or it is not ready\n")
        elif not _is_token(given, found[1]):
            self._answer(401, b"the token is missing or wrong\n")
        else:
            path, offered = found
            self._serve(offered, rest, lambda: _check(path, offered))

    def _serve(self, offer: Offer, path: str, check: Callable[[], None]) -> None:
        manifest = path.replace("manifests/", "", 1)
        if manifest != path and manifest in offer.manifests:
            self._manifest(offer.manifests[manifest])
            return
        room, _, rest = path.partition("/")
        volume, _, end = rest.partition("/")
        disk = offer.disks.get(volume) if room == "volumes" else None
        try:
            if disk is not None:
                self._disk(disk, end, check)
            else:
                self._answer(404, _ABSENT)
        except (OSError, LocalError) as error:
            # Once begun, without an end: who reads sees that it is not whole.
            if not self._begun:
                self._answer(404, f"{error}\n".encode())

    def _disk(self, disk: Disk, end: str, check: Callable[[], None]) -> None:
        source = Path(disk.path)
        match end.split("/"), disk.is_tree:
            case ["disk.img"], False:
                with diskstreams.opened(source, disk.capacity) as opened:
                    self._raw(opened, check)
            case ["disk.img.gz"], False:
                with (
                    diskstreams.opened(source, disk.capacity) as opened,
                    self._chunks(check) as sink,
                ):
                    diskstreams.send_gzip(opened, sink)
            case ["disk.tar.gz"], True:
                with self._chunks(check) as sink:
                    diskstreams.send_tar(source.parent, sink)
            case ["dir", *words], True if words:
                self._file(source.parent, words, check)
            case _:
                self._answer(404, _ABSENT)

    def _manifest(self, documents: list[dict[str, object]]) -> None:
        if "yaml" in self.headers.get("Accept", ""):
            # Each is ended, so that several answers may be put one after the other.
            texts = [f"{yaml.safe_dump(one, sort_keys=False)}---\n" for one in documents]
            self._answer(200, "".join(texts).encode(), "application/yaml")
            return
        whole = {"apiVersion": "v1", "kind": "List", "items": documents}
        self._answer(200, json.dumps(whole).encode(), "application/json")

    def _file(self, root: Path, words: list[str], check: Callable[[], None]) -> None:
        if not words[-1]:
            names = diskstreams.listed(root, words[:-1])
            links = "".join(f'<a href="{quote(name)}">{html.escape(name)}</a>\n' for name in names)
            self._answer(200, f"<pre>\n{links}</pre>\n".encode(), "text/html; charset=utf-8")
            return
        with diskstreams.opened_below(root, words) as file:
            if file is None:
                self._answer(404, b"a directory: end its name with a slash\n")
            else:
                self._raw(file, check)

    def _raw(self, disk: diskstreams.Disk, check: Callable[[], None]) -> None:
        """The bytes as they are, or the range of them that is asked for (RFC 9110 §14)."""
        start, stop = 0, disk.size
        asked = _RANGE.fullmatch(self.headers.get("Range", ""))
        is_part = asked is not None and bool(asked[1] or asked[2])
        if asked is not None and is_part:
            start = int(asked[1]) if asked[1] else max(disk.size - int(asked[2]), 0)
            stop = min(int(asked[2]) + 1, disk.size) if asked[1] and asked[2] else disk.size
        if is_part and start >= stop:
            self._head(416, {"Content-Range": f"bytes */{disk.size}", "Content-Length": "0"})
            return
        headers = {"Content-Length": str(stop - start), "Accept-Ranges": "bytes"}
        if is_part:
            headers["Content-Range"] = f"bytes {start}-{stop - 1}/{disk.size}"
        self._head(206 if is_part else 200, headers | {"Content-Type": _OCTETS})
        if self.command != "HEAD":
            diskstreams.send_raw(disk, start, stop, _checking(check, self.wfile.write))

    @contextlib.contextmanager
    def _chunks(self, check: Callable[[], None]) -> Iterator[Sink]:
        """A body of unknown length (RFC 9112 §7.1), which ends only when all went well."""
        self._head(200, {"Transfer-Encoding": "chunked", "Content-Type": "application/gzip"})
        if self.command == "HEAD":
            raise LocalError("HEAD asks for no body")

        def write(data: bytes) -> None:
            if data:
                self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))

        yield _checking(check, write)
        check()
        self.wfile.write(b"0\r\n\r\n")

    def _head(self, code: int, headers: dict[str, str]) -> None:
        self._begun = True
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Connection", "close")
        self.end_headers()

    def _answer(self, code: int, body: bytes, kind: str = "text/plain") -> None:
        with contextlib.suppress(OSError):
            self._head(code, {"Content-Type": kind, "Content-Length": str(len(body))})
            if self.command != "HEAD":
                self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
        """Nothing: requests are of no interest to the daemon."""


def _is_token(given: str, offer: Offer) -> bool:
    return hmac.compare_digest(given.encode(), offer.token.encode())


def _check(path: Path, offer: Offer) -> None:
    """Raises ``LocalError`` when an export offers no more what it did."""
    try:
        now = msgspec.json.decode(path.read_bytes(), type=Offer)
    except (OSError, msgspec.DecodeError) as error:
        raise LocalError("it is no longer exported") from error
    if now.disks != offer.disks:
        raise LocalError("it is no longer exported")


def _checking(check: Callable[[], None], write: Callable[[bytes], object]) -> Sink:
    """Writes, and looks now and then whether that is still allowed."""
    written = 0

    def sink(data: bytes) -> None:
        nonlocal written
        if written >= _CHECKED:
            check()
            written = 0
        written += len(data)
        write(data)

    return sink


def choose(root: Path, connection: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
    """Show the certificate of the Service that is asked for, if it is one of ours (RFC 6066 §3)."""
    service = _SERVICE.fullmatch(name or "")
    if service is None:
        return
    files = certificate(root, service[2], service[1])
    with contextlib.suppress(OSError):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*files)
        connection.context = context


def serve(descriptor: int, root: Path, chain: Path, key: Path) -> None:
    """Serve on a listening socket that was inherited, until nobody comes any more."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    context.sni_callback = partial(choose, root)
    listener = socket.socket(fileno=descriptor)
    with ExportServer(listener, root, context) as server:
        server.serve_until_idle()
