"""``https://POD:8443/healthz`` of the control plane's pods, for who forwards that port.

KubeVirt's own suite waits there until each component knows the newest configuration. The pods are
this process: connections to them are pairs of sockets, and nothing listens.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from pathlib import Path

import msgspec

from virtctl.local.api.service import ApiService
from virtctl.models import documents
from virtctl.models.documents import Document
from virtctl.models.kinds import KUBEVIRT

_log = logging.getLogger(__name__)

_HEAD_LIMIT = 16 * 1024


class ComponentHealth:
    """Answers inside the process, with the API server's certificate."""

    def __init__(self, service: ApiService, certificate: Path, key: Path) -> None:
        self._service = service
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._context.load_cert_chain(certificate, key)
        self._tasks: set[asyncio.Task[None]] = set()

    def open(self) -> socket.socket:
        """The client's end of a new connection."""
        ours, theirs = socket.socketpair()
        theirs.setblocking(False)  # noqa: FBT003 - a system call
        task = asyncio.get_running_loop().create_task(self._accept(theirs))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return ours

    async def _accept(self, end: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=_HEAD_LIMIT)
        try:
            await loop.connect_accepted_socket(
                lambda: asyncio.StreamReaderProtocol(reader, self._serve), end, ssl=self._context
            )
        except (OSError, ssl.SSLError) as error:
            _log.debug("no TLS with a client of a component: %s", error)
            end.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(self._answer(head.split(b" ", 2)))
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            _log.debug("a client of a component has gone")
        finally:
            writer.close()

    def _answer(self, words: list[bytes]) -> bytes:
        path = words[1].partition(b"?")[0] if len(words) > 1 else b""
        if b"/" + path.lstrip(b"/") != b"/healthz":  # the suite asks for `//healthz`
            return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
        body = msgspec.json.encode(self.report())
        head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body

    def report(self) -> Document:
        """What the components say of themselves."""
        revision = ""
        for installed in self._service.list(KUBEVIRT).items:
            revision = documents.text(installed, "metadata", "resourceVersion")
        return {
            "apiserver": {"connectivity": "ok"},
            "config-resource-version": revision,
        }
