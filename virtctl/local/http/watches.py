"""Watch responses: lines of JSON, tables, bookmarks and time-outs.

What a change looks like is encoded once for each form, and shared by all watchers who want it so.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TypeAlias

import msgspec
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from virtctl.errors import ApiError, BadRequest, Gone
from virtctl.local.api.feed import Delivery, Feed, bookmark
from virtctl.local.api.registry import Registry
from virtctl.local.api.service import ApiService, parse_revision, select
from virtctl.local.api.versions import in_version
from virtctl.local.http.negotiation import JSON, Form
from virtctl.local.http.outlets import Outlet, Turns
from virtctl.local.http.requests import Call, check_reading
from virtctl.models import documents
from virtctl.models.documents import Document
from virtctl.wire import watching
from virtctl.wire.status import build_status
from virtctl.wire.tables import (
    Column,
    Include,
    ListMeta,
    TableBuilder,
    TableStyle,
    partial_metadata,
)

_BOOKMARK_SECONDS = 60.0
_DEFAULT_SECONDS = 1800
_AT_ONCE = 64  # lines that are written for one watch before it is another's turn
_decoder = msgspec.json.Decoder(dict)
_Encode: TypeAlias = Callable[[Delivery], bytes]


def reply(service: ApiService, call: Call, turns: Turns) -> Response:
    """The streaming answer to a watch request, written in ``turns``. Raises ``ApiError``."""
    fields = call.query("fieldSelector")
    if call.path.name:
        fields = f"metadata.name={call.path.name}"
    selection = select(call.kind, call.query("labelSelector"), fields)
    check_reading(call.request.query_params, watch=True)
    revision = _revision(call.query("resourceVersion"))
    initial = call.flag("sendInitialEvents")
    encode = _encoder(call, service.registry)
    seconds = call.number("timeoutSeconds") or _DEFAULT_SECONDS
    since = None if initial or not revision else revision
    marks = call.flag("allowWatchBookmarks")
    try:
        feed = service.feed(
            call.kind, call.namespace, selection, since=since, initial_end=initial and marks
        )
    except Gone as gone:
        line = watching.build_line(watching.ERROR, msgspec.json.encode(build_status(gone)))
        return Response(line, media_type=JSON)
    writer = _Writer(feed, encode, turns, lambda: bookmark(call.kind, service.told_revision))
    return WatchResponse(feed, writer, seconds, marks=marks)


class WatchResponse(Response):
    """Lines as they come, until the watch or its connection ends.

    The task of the request waits for that only: others' turns write what comes.
    """

    def __init__(self, feed: Feed, writer: _Writer, seconds: float, *, marks: bool) -> None:
        super().__init__(media_type=JSON)
        del self.headers["content-length"]
        self._feed = feed
        self._writer = writer
        self._seconds = seconds
        self._marks = marks

    def abandon(self) -> None:
        """End the watch before it begins."""
        self._feed.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI entry point; the server's state has an ``Ending`` and an ``Outlet``."""
        del receive
        ending, outlet = scope["state"]["ending"], scope["state"]["outlet"]
        ending.listen(self._feed.close)
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            if scope["method"] != "HEAD":
                await self._write_to(outlet)
            await send({"type": "http.response.body", "body": b""})
        finally:
            self._feed.close()
            ending.forget(self._feed.close)

    async def _write_to(self, outlet: Outlet) -> None:
        """Have lines written there until the end."""
        end = time.monotonic() + self._seconds
        next_mark = time.monotonic() + _BOOKMARK_SECONDS
        ended = self._writer.begin(outlet)
        try:
            while not ended.done() and (left := end - time.monotonic()) > 0:
                until_mark = max(next_mark - time.monotonic(), 0)
                await asyncio.wait((ended,), timeout=min(left, until_mark))
                if time.monotonic() >= next_mark:
                    next_mark += _BOOKMARK_SECONDS
                    if self._marks:
                        self._writer.mark()
            if ended.done():
                ended.result()  # raises what went wrong
        finally:
            self._writer.stop()


class _Writer:
    """Writes the lines of one watch whenever it is its turn."""

    def __init__(
        self, feed: Feed, encode: _Encode, turns: Turns, bookmark: Callable[[], Delivery]
    ) -> None:
        self._feed = feed
        self._encode = encode
        self._turns = turns
        self._bookmark = bookmark
        self._waits = False
        self._marked = False

    def begin(self, outlet: Outlet) -> asyncio.Future[None]:
        """Write to ``outlet`` until the watch ends, which is when the future is done."""
        self._outlet = outlet
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        outlet.listen(self._tell)
        self._feed.listen(self._tell)
        return self._ended

    def stop(self) -> None:
        """Write no more."""
        self._outlet.listen(None)
        self._ended.cancel()

    def mark(self) -> None:
        """Write a bookmark after what has come."""
        self._marked = True
        self._tell()

    def _tell(self) -> None:
        """There may be something to write."""
        if not self._waits:
            self._waits = True
            self._turns.add(self._take_turn)

    def _take_turn(self) -> None:
        self._waits = False
        if self._outlet.full or self._ended.done():
            return
        try:
            self._write()
        except Exception as error:  # noqa: BLE001 - raised where the watch is waited for
            self._ended.set_exception(error)

    def _write(self) -> None:
        found = self._feed.take(_AT_ONCE)
        if found is None:
            self._ended.set_result(None)
            return
        if self._feed.more:
            self._tell()
        elif self._marked:
            self._marked = False
            found.append(self._bookmark())
        if found:
            self._outlet.write(b"".join(map(self._encode, found)))


def _revision(text: str) -> int:
    """The revision to watch from; what is no number is a 500 without a reason upstream."""
    try:
        return parse_revision(text)
    except BadRequest as error:
        problem = error.message.removeprefix("invalid resource version: ")
        raise ApiError(problem, code=500, reason="") from error


def _encoder(call: Call, registry: Registry) -> _Encode:
    """How deliveries become lines for the client of ``call``."""
    shown, version = call.shown, call.path.api_version
    if shown.form is Form.TABLE:
        return _Tables(call, registry.columns(call.kind, call.path.version))
    if shown.form is Form.PARTIAL:
        return _Shared("partial", shown.version, partial_metadata)
    if registry.is_stored_as(call.kind, call.path.version):
        return _plain
    return _Shared("object", version, in_version)


def _plain(delivery: Delivery) -> bytes:
    change = delivery.change
    if change is None:
        return watching.build_line(delivery.type, delivery.value)
    line = change.encoded.get(delivery.type)
    if not isinstance(line, bytes):
        line = watching.build_line(delivery.type, delivery.value)
        change.encoded[delivery.type] = line
    return line


@dataclass(frozen=True)
class _Shared:
    """Objects that are converted to ``version``, which is of objects or of their metadata."""

    form: str
    version: str
    convert: Callable[[Document, str], Document]

    def __call__(self, delivery: Delivery) -> bytes:
        if delivery.change is None:
            return self._line(delivery)
        key, encoded = (delivery.type, self.form, self.version), delivery.change.encoded
        line = encoded.get(key)
        if not isinstance(line, bytes):
            encoded[key] = line = self._line(delivery)
        return line

    def _line(self, delivery: Delivery) -> bytes:
        if delivery.type == watching.ERROR:
            return watching.build_line(delivery.type, delivery.value)
        item = self.convert(_decoder.decode(delivery.value), self.version)
        return watching.build_line(delivery.type, msgspec.json.encode(item))


class _Tables:
    """Each object as a table of one row; only the first has the column definitions."""

    def __init__(self, call: Call, columns: tuple[Column, ...]) -> None:
        include = call.query("includeObject") or Include.METADATA
        style = TableStyle(call.shown.version, Include(include))
        self._builder = TableBuilder(columns, style, datetime.now(UTC))
        self._version = call.path.api_version
        self._form = f"{style.version} {style.include} {self._version}"

    def __call__(self, delivery: Delivery) -> bytes:
        if delivery.change is None or self._builder.headers:
            return self._line(delivery)
        key, encoded = (delivery.type, self._form), delivery.change.encoded
        kept = encoded.get(key)
        if not isinstance(kept, _Line) or kept.columns is not self._builder.columns:
            encoded[key] = kept = _Line(self._builder.columns, self._line(delivery))
        return kept.value

    def _line(self, delivery: Delivery) -> bytes:
        if delivery.type == watching.ERROR:
            return watching.build_line(delivery.type, delivery.value)
        item = {**_decoder.decode(delivery.value), "apiVersion": self._version}
        builder = replace(self._builder, now=datetime.now(UTC))
        self._builder = replace(builder, headers=False)
        meta = ListMeta(documents.text(item, "metadata", "resourceVersion"))
        rows = [] if delivery.type == watching.BOOKMARK else [item]
        return watching.build_line(delivery.type, msgspec.json.encode(builder.build(rows, meta)))


@dataclass(frozen=True)
class _Line:
    """A line that is a table of ``columns``."""

    columns: Sequence[Column]
    value: bytes
