"""Downloading out of a ``VirtualMachineExport``: for ``vmexport`` and ``memory-dump``."""

from __future__ import annotations

import os
import string
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO, NamedTuple
from urllib.parse import urlsplit

from virtctl.cli.progress import Progress
from virtctl.cli.session import Session
from virtctl.client import exports
from virtctl.client.exports import Link
from virtctl.client.resources import create, find
from virtctl.client.transfer import Server, Trust
from virtctl.errors import AlreadyExists, NotFound, Unreachable, VirtctlError, WaitTimeout
from virtctl.manifests import export as manifest
from virtctl.models.documents import Document
from virtctl.models.kinds import EXPORT, SECRET

FORMATS = ("gzip", "raw", "oci")
_POLL = 2.0
_ALPHABET = string.ascii_letters + string.digits
_FAIR = 256 // len(_ALPHABET) * len(_ALPHABET)  # bytes below this hit all characters alike
_TOKEN = 20
_STEP = 1 << 20  # bytes that are unpacked at once
_GZIP = zlib.MAX_WBITS | 16


class Manifests(NamedTuple):
    """Manifests in place of a volume."""

    json: bool = False
    secret: bool = False


class Wish(NamedTuple):
    """What to download and how. ``host`` replaces that of the internal links when it is given."""

    output: str
    volume: str = ""
    format: str = ""
    manifests: Manifests | None = None
    insecure: bool = False
    host: str = ""
    forward: int | None = None
    retries: int = 0
    patience: float = 120.0
    made: bool = False

    @property
    def side(self) -> str:
        """Which links are used."""
        return "internal" if self.host or self.forward is not None else "external"


def make(session: Session, name: str, wish: manifest.Wish) -> None:
    """Create the export and its token. Raises ``AlreadyExists`` and other ``ApiError``."""
    rest, namespace = session.rest, session.namespace
    if find(rest, EXPORT, namespace, name) is not None:
        raise AlreadyExists(f"VirtualMachineExport '{namespace}/{name}' already exists")
    made = create(rest, EXPORT, namespace, manifest.build(name, namespace, wish))
    secret = manifest.build_secret(made, namespace, token(session.env.random))
    with suppress(AlreadyExists):  # that of an export of the same name that is just going
        create(rest, SECRET, namespace, secret)


def token(random: Callable[[int], bytes]) -> str:
    """A new secret token."""
    found = ""
    while len(found) < _TOKEN:
        fair = (byte for byte in random(2 * _TOKEN) if byte < _FAIR)
        found += "".join(_ALPHABET[byte % len(_ALPHABET)] for byte in fair)
    return found[:_TOKEN]


def check_output(session: Session, name: str) -> None:
    """Raise ``VirtctlError`` when there is no directory for the file ``name``."""
    from pathlib import Path  # costs 3 ms

    parent = Path(session.env.path(name)).parent
    if name not in {"", "-"} and not parent.is_dir():
        raise VirtctlError(f"cannot write `{name}`: there is no directory {parent}")


def download(session: Session, name: str, wish: Wish) -> None:
    """Wait for the export ``name`` and download from it. Raises ``VirtctlError``."""
    with _output(session, wish.output) as sink:
        export = wait(session, name, wish)
        if wish.forward is None:
            _Fetch(session, wish, sink).all(export)
            return
        from virtctl.cli.tunnel import to_service  # streams cost 80 ms

        with to_service(session, exports.service(export), 443, wish.forward) as port:
            local = wish._replace(host=f"127.0.0.1:{port}", insecure=True)
            _Fetch(session, local, sink).all(export)


def wait(session: Session, name: str, wish: Wish) -> Document:
    """The export once it is ready. Raises ``WaitTimeout``, ``NotFound`` when it is not there."""
    env = session.env
    deadline = env.monotonic() + wish.patience
    told = ""
    while True:
        export = find(session.rest, EXPORT, session.namespace, name)
        if export is None and not wish.made:
            raise NotFound(f"there is no VirtualMachineExport {session.namespace}/{name}")
        stage = exports.stage(export, wish.side) if export else "it is not there yet"
        if export and not stage:
            return export
        if stage != told:
            session.line(f"waiting for export {name}: {stage}")
            told = stage
        if env.monotonic() + _POLL > deadline:
            raise WaitTimeout(f"export {name}", wish.patience, f"at the end {stage}")
        env.sleep(_POLL)


class _Fetch:
    """Downloads of one export into one sink."""

    def __init__(self, session: Session, wish: Wish, sink: BinaryIO) -> None:
        self.session = session
        self.wish = wish
        self.sink = sink

    def all(self, export: Document) -> None:
        """Whatever the wish asks for."""
        wish, side = self.wish, self.wish.side
        if wish.manifests is None:
            if wish.format == "oci":
                link = exports.manifest_link(export, side, "oci")
            else:
                link = exports.volume_link(export, side, wish.volume)
                if wish.volume and link.name != wish.volume:
                    what = f"volume {link.name}, not {wish.volume}: it is downloaded"
                    self.session.line(f"the export holds nothing but {what}")
            self._one(export, link, {}, unpack=wish.format == "raw" and link.compressed)
            self.session.line("Download finished successfully")
            return
        accept = {"Accept": "application/json" if wish.manifests.json else "application/yaml"}
        kinds = ("all", "auth-header-secret") if wish.manifests.secret else ("all",)
        for kind in kinds:
            self._one(export, exports.manifest_link(export, side, kind), accept, quiet=True)

    def _one(
        self, export: Document, link: Link, headers: dict[str, str], *,
        unpack: bool = False, quiet: bool = False,
    ) -> None:  # fmt: skip
        wish, session = self.wish, self.session
        held = exports.held_token(session.rest, session.namespace, export)
        headers = {**headers, "x-kubevirt-export-token": held}
        server = Server(session.env.environ, Trust(wish.insecure, link.authority))
        url = _at(link.url, wish.host) if wish.host else link.url
        write = _unpacking(self.sink) if unpack else self.sink.write
        start = self.sink.tell() if self.sink.seekable() else None
        for attempt in range(wish.retries + 1):
            try:
                self._try(server, url, headers, write, quiet=quiet)
            except VirtctlError as error:
                again = start is not None or not isinstance(error, _BrokeOff)
                if attempt == wish.retries or not again:
                    raise
                session.line(f"{error}; retrying")
            else:
                return
            session.env.sleep(_POLL)
            if start is not None:
                self.sink.seek(start)
                self.sink.truncate()
            write = _unpacking(self.sink) if unpack else self.sink.write

    def _try(
        self, server: Server, url: str, headers: dict[str, str],
        write: Callable[[bytes], object], *, quiet: bool,
    ) -> None:  # fmt: skip
        with server.get(url, headers) as incoming:
            if incoming.code != 200:
                raise VirtctlError(
                    f"bad status from the export server: {incoming.code} {incoming.reason} "
                    f"{incoming.text()}".rstrip()
                )
            progress = Progress(self.session, "downloading", incoming.length)
            try:
                for data in incoming.chunks():
                    write(data)
                    progress.add(len(data))
            except Unreachable as error:
                raise _BrokeOff(str(error)) from error
            except zlib.error as error:
                raise VirtctlError(f"what was downloaded is no gzip: {error}") from error
            if not quiet:
                progress.finish()


class _BrokeOff(Unreachable):
    """A download that had begun."""


def _at(url: str, host: str) -> str:
    return urlsplit(url)._replace(netloc=host).geturl()


def _unpacking(sink: BinaryIO) -> Callable[[bytes], object]:
    """Writes what gzip holds; several members follow each other (RFC 1952 §2.2)."""
    state = [zlib.decompressobj(_GZIP)]

    def write(data: bytes) -> None:
        more = True
        while data or more:
            found = state[0].decompress(data, _STEP)
            sink.write(found)
            if state[0].eof:
                data, more = state[0].unused_data, False
                state[0] = zlib.decompressobj(_GZIP)
            else:
                data, more = state[0].unconsumed_tail, len(found) == _STEP

    return write


@contextmanager
def _output(session: Session, name: str) -> Iterator[BinaryIO]:
    """Where a download goes: a file keeps what it held until the download is whole.

    One that was not there is empty after a failure, as scripts know it of Go's tool.
    """
    if name in {"", "-"}:
        yield session.env.stdout.buffer
        session.env.stdout.flush()
        return
    from pathlib import Path  # costs 3 ms

    path = Path(session.env.path(name)).resolve()
    if path.exists() and not path.is_file():  # a device or a pipe
        with path.open("wb") as sink:
            yield sink
        return
    path.touch()
    draft = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with draft.open("wb") as sink:
            yield sink
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
