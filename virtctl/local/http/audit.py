"""The audit log: who asked what of the API, and what came of it.

One ``audit.k8s.io/v1`` Event a line, at the level Metadata: neither bodies nor credentials are ever
in it, and words of commands, which may hold passwords, are left out of URIs. A log that cannot be
written stops nobody; that it cannot is in the daemon's log.
"""

from __future__ import annotations

import logging
import os
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import msgspec
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from virtctl.errors import LocalError
from virtctl.local.api.service import Actor
from virtctl.models.documents import Document
from virtctl.wire.paths import ResourcePath

STARTED, COMPLETE = "ResponseStarted", "ResponseComplete"
MOST_BYTES = 64 * 1024 * 1024
_QUIET = ("/livez", "/readyz", "/healthz")
_SECRET = re.compile(r"(?i)\b(command|token|access_token|password)=[^&]*")
_CODES = {"websocket.accept": 101}
_FORBIDDEN = 403
_CALLER = "virtctl.caller"
_log = logging.getLogger(__name__)
_lines = logging.getLogger("audit")


class Sink(Protocol):
    """Where lines go."""

    def write(self, line: bytes) -> None:
        """Add a line, which has no end yet. Raises ``OSError``."""


class LogSink:
    """The daemon's own log."""

    def write(self, line: bytes) -> None:
        _lines.info("%s", line.decode())


class FileSink:
    """A private file; a full one is kept beside it as ``.1``, in place of the one before."""

    def __init__(self, path: Path, most: int = MOST_BYTES) -> None:
        self._path = path
        self._most = most
        self._file = self._open()

    def _open(self) -> int:
        return os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def write(self, line: bytes) -> None:
        if os.fstat(self._file).st_size >= self._most:
            os.close(self._file)
            self._path.replace(self._path.with_name(f"{self._path.name}.1"))
            self._file = self._open()
        os.write(self._file, line + b"\n")

    def close(self) -> None:
        """Write no more."""
        os.close(self._file)


def sink_of(target: str) -> Sink:
    """A path, or ``-`` for the daemon's own log. Raises ``LocalError``."""
    if target == "-":
        return LogSink()
    try:
        return FileSink(Path(target))
    except OSError as error:
        raise LocalError(
            f"the audit log `{target}` cannot be written: {error.strerror or error}",
            "choose another file with `--audit-log`",
        ) from error


@dataclass(frozen=True)
class Caller:
    """Who asked, as the application found out: ``actor`` acts, ``behind`` impersonates him."""

    actor: Actor
    behind: Actor
    path: ResourcePath | None
    verb: str


def note(connection: HTTPConnection, caller: Caller) -> None:
    """Remember with a request who asked."""
    connection.scope[_CALLER] = caller


def caller_of(scope: Scope) -> Caller | None:
    """What was noted; None when it is not known who asked."""
    found = scope.get(_CALLER)
    return found if isinstance(found, Caller) else None


class Audit:
    """An application whose requests are told to ``sink``."""

    def __init__(self, app: ASGIApp, sink: Sink, now: Callable[[], datetime] | None = None) -> None:
        self._app = app
        self._sink = sink
        self._now = now or (lambda: datetime.now(UTC))
        self._works = True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI entry point."""
        connection = HTTPConnection(scope)
        if connection.url.path.startswith(_QUIET):
            await self._app(scope, receive, send)
            return
        request = _Request(str(uuid.uuid4()), self._now())

        async def noticing(message: Message) -> None:
            code = _CODES.get(message["type"]) or message.get("status", 0)
            if code and not request.code:
                request.code = code
                if _is_long(scope):
                    self._tell(connection, request, STARTED)
            await send(message)

        try:
            await self._app(scope, receive, noticing)
        finally:
            self._tell(connection, request, COMPLETE)

    def _tell(self, connection: HTTPConnection, request: _Request, stage: str) -> None:
        line = msgspec.json.encode(self._event(connection, request, stage))
        try:
            self._sink.write(line)
        except OSError as error:
            if self._works:
                _log.error("the audit log cannot be written: %s", error.strerror or error)
            self._works = False
        else:
            self._works = True

    def _event(self, connection: HTTPConnection, request: _Request, stage: str) -> Document:
        caller = caller_of(connection.scope)
        event: Document = {
            "kind": "Event",
            "apiVersion": "audit.k8s.io/v1",
            "level": "Metadata",
            "auditID": request.id,
            "stage": stage,
            "requestURI": _uri(connection),
            "verb": caller.verb if caller else connection.scope.get("method", "GET").lower(),
            "user": caller.behind.document() if caller else {},
        }
        if caller is not None and caller.behind != caller.actor:
            event["impersonatedUser"] = caller.actor.document()
        address = connection.client.host if connection.client is not None else ""
        event["sourceIPs"] = [address or "127.0.0.1"]  # a Unix socket has none
        event["userAgent"] = connection.headers.get("user-agent", "")
        if caller is not None and caller.path is not None and caller.path.plural:
            event["objectRef"] = _reference(caller.path)
        if request.code:
            event["responseStatus"] = {"metadata": {}, "code": request.code}
            decision = "forbid" if request.code == _FORBIDDEN else "allow"
            event["annotations"] = {"authorization.k8s.io/decision": decision}
        event["requestReceivedTimestamp"] = _time(request.received)
        event["stageTimestamp"] = _time(self._now())
        return event


@dataclass
class _Request:
    id: str
    received: datetime
    code: int = 0


def _is_long(scope: Scope) -> bool:
    """Whether an answer goes on for long: streams and watches."""
    caller = caller_of(scope)
    return scope["type"] == "websocket" or (caller is not None and caller.verb == "watch")


def _uri(connection: HTTPConnection) -> str:
    query = _SECRET.sub(lambda found: f"{found[1]}=***", connection.url.query)
    return f"{connection.url.path}?{query}" if query else connection.url.path


def _reference(path: ResourcePath) -> Document:
    fields = {
        "resource": path.plural,
        "namespace": path.namespace or "",
        "name": path.name,
        "apiGroup": path.group,
        "apiVersion": path.version,
        "subresource": path.subresource,
    }
    return {key: value for key, value in fields.items() if value}


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
