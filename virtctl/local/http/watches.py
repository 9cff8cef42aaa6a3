"""Chunked watch responses: lines of JSON, tables, bookmarks and time-outs.

The line of a plain watch is encoded once for each change and shared by all watchers.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
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
_decoder = msgspec.json.Decoder(dict)
_Encode: TypeAlias = Callable[[Delivery], bytes]


def reply(service: ApiService, call: Call) -> Response:
    """The streaming answer to a watch request. Raises ``ApiError``."""
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
    bookmarks = (lambda: bookmark(call.kind, service.revision)) if marks else None
    return WatchResponse(feed, _lines(feed, encode, seconds, bookmarks))


class WatchResponse(Response):
    """Sends lines as they come, in one task, until the watch or its connection ends."""

    def __init__(self, feed: Feed, lines: AsyncIterator[bytes]) -> None:
        super().__init__(media_type=JSON)
        del self.headers["content-length"]
        self._feed = feed
        self._lines = lines

    def abandon(self) -> None:
        """End the watch before it begins."""
        self._feed.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI entry point."""
        del receive
        ending = scope.get("state", {}).get("ending")
        if ending is not None:
            ending.listen(self._feed.close)
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            async for line in self._lines:
                await send({"type": "http.response.body", "body": line, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            self._feed.close()
            if ending is not None:
                ending.forget(self._feed.close)


def _revision(text: str) -> int:
    """The revision to watch from; what is no number is a 500 without a reason upstream."""
    try:
        return parse_revision(text)
    except BadRequest as error:
        problem = error.message.removeprefix("invalid resource version: ")
        raise ApiError(problem, code=500, reason="") from error


async def _lines(
    feed: Feed, encode: _Encode, seconds: float, bookmarks: Callable[[], Delivery] | None
) -> AsyncIterator[bytes]:
    end = time.monotonic() + seconds
    next_mark = time.monotonic() + _BOOKMARK_SECONDS
    try:
        while (left := end - time.monotonic()) > 0:
            batch = await feed.batch(min(left, max(next_mark - time.monotonic(), 0)))
            if batch is None:
                return
            if batch:
                yield b"".join([encode(delivery) for delivery in batch])
            if time.monotonic() >= next_mark:
                next_mark += _BOOKMARK_SECONDS
                if bookmarks is not None:
                    yield encode(bookmarks())
    finally:
        feed.close()


def _encoder(call: Call, registry: Registry) -> _Encode:
    """How deliveries become lines for the client of ``call``."""
    shown = call.shown
    if shown.form is Form.TABLE:
        return _Tables(call, registry.columns(call.kind, call.path.version))
    if shown.form is Form.PARTIAL:
        return lambda delivery: _changed(
            delivery, lambda item: partial_metadata(item, shown.version)
        )
    if registry.is_stored_as(call.kind, call.path.version):
        return _plain
    version = call.path.api_version
    return lambda delivery: _changed(delivery, lambda item: in_version(item, version))


def _plain(delivery: Delivery) -> bytes:
    change = delivery.change
    if change is None:
        return watching.build_line(delivery.type, delivery.value)
    line = change.encoded.get(delivery.type)
    if line is None:
        line = watching.build_line(delivery.type, delivery.value)
        change.encoded[delivery.type] = line
    return line


def _changed(delivery: Delivery, convert: Callable[[Document], Document]) -> bytes:
    if delivery.type == watching.ERROR:
        return watching.build_line(delivery.type, delivery.value)
    item = convert(_decoder.decode(delivery.value))
    return watching.build_line(delivery.type, msgspec.json.encode(item))


class _Tables:
    """Each object as a table of one row; only the first has the column definitions."""

    def __init__(self, call: Call, columns: tuple[Column, ...]) -> None:
        include = call.query("includeObject") or Include.METADATA
        style = TableStyle(call.shown.version, Include(include))
        self._builder = TableBuilder(columns, style, datetime.now(UTC))
        self._version = call.path.api_version

    def __call__(self, delivery: Delivery) -> bytes:
        if delivery.type == watching.ERROR:
            return watching.build_line(delivery.type, delivery.value)
        item = {**_decoder.decode(delivery.value), "apiVersion": self._version}
        builder = replace(self._builder, now=datetime.now(UTC))
        self._builder = replace(builder, headers=False)
        meta = ListMeta(documents.text(item, "metadata", "resourceVersion"))
        rows = [] if delivery.type == watching.BOOKMARK else [item]
        return watching.build_line(delivery.type, msgspec.json.encode(builder.build(rows, meta)))
