"""Listen for uploads, and start the upload proxy when somebody comes.

The proxy is a process of its own, so that gigabytes do not pass through the daemon's loop. Its
port is kept on disk: clients that were told it find it after a restart, too.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

from virtctl.errors import ApiError
from virtctl.local.api.service import ApiService
from virtctl.local.imports.job import write
from virtctl.local.imports.tokens import Tokens
from virtctl.local.layout import InstanceLayout
from virtctl.local.node import children
from virtctl.local.runtime import fillings
from virtctl.models.documents import Document
from virtctl.models.kinds import CDI_CONFIG
from virtctl.wire.patches import merge_patch

log = logging.getLogger(__name__)

_BACKLOG = 64
_RECORD = "address"  # of the upload proxy
_AGAIN = 0.1  # seconds between two looks for the configuration


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """What the proxy shows to its clients."""

    file: Path
    key: Path


class Uploads:
    """The upload proxy of an instance, listening at ``host``."""

    name = "uploads"

    def __init__(
        self, service: ApiService, layout: InstanceLayout, host: str, tokens: Tokens,
        certificate: Certificate,
    ) -> None:  # fmt: skip
        self._service = service
        self._layout = layout
        self._host = host
        self._tokens = tokens
        self._certificate = certificate

    async def run(self) -> None:
        """Listen, tell where, and start the proxy for whoever comes, until cancelled."""
        self._layout.imports.mkdir(parents=True, exist_ok=True, mode=0o700)
        write(self._layout.imports / "key", self._tokens.key)
        with listen(self._layout, self._host) as listener:
            await self._announce(listener.getsockname()[1])
            while True:
                await readable(listener)
                await self._serve(listener)

    async def _announce(self, port: int) -> None:
        host = f"[{self._host}]" if ":" in self._host else self._host
        mark: Document = {fillings.UPLOAD_PROXY: f"https://{host}:{port}"}
        change = merge_patch({"metadata": {"annotations": mark}})
        while True:
            try:
                self._service.patch(CDI_CONFIG, None, "config", change)
            except ApiError:
                await asyncio.sleep(_AGAIN)  # CDI's controller has not made it yet
            else:
                return

    async def _serve(self, listener: socket.socket) -> None:
        """One life of the proxy."""
        descriptor = listener.fileno()
        proxy = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "virtctl.local.imports", "--serve", str(descriptor),
            str(self._layout.imports), str(self._certificate.file), str(self._certificate.key),
            pass_fds=(descriptor,),
        )  # fmt: skip
        try:
            code = await proxy.wait()
            if code:
                log.warning("the upload proxy ended with %d", code)
        finally:
            await children.end(proxy)


def address_of(layout: InstanceLayout, record: str = _RECORD) -> tuple[str, int]:
    """Host and port where a server was last, by its ``record``; port 0 when it never listened."""
    try:
        host, _, port = (layout.imports / record).read_text().rpartition(" ")
        return host, int(port)
    except (OSError, ValueError):
        return "", 0


def listen(layout: InstanceLayout, host: str, record: str = _RECORD) -> socket.socket:
    """Listen at the same port as before, or at another one when somebody has taken it."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for port in dict.fromkeys((address_of(layout, record)[1], 0)):
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError:
            listener.close()
            if not port:
                raise
            continue
        listener.listen(_BACKLOG)
        write(layout.imports / record, f"{host} {listener.getsockname()[1]}".encode())
        return listener
    raise AssertionError("some port is always free, or the loop has raised")


async def readable(listener: socket.socket) -> None:
    """Wait until somebody connects."""
    loop = asyncio.get_running_loop()
    there = asyncio.Event()
    loop.add_reader(listener, there.set)
    try:
        await there.wait()
    finally:
        loop.remove_reader(listener)
