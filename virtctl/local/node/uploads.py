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
from typing import NoReturn

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
            await announce(self._service, fillings.UPLOAD_PROXY, url_of(self._host, listener))
            await serve(listener, "--serve", self._layout.imports, self._certificate)


def url_of(host: str, listener: socket.socket) -> str:
    """Where a server that listens at ``host`` is found."""
    port = listener.getsockname()[1]
    return f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"


async def announce(service: ApiService, mark: str, url: str) -> None:
    """Tell by an annotation of CDIConfig where a server is, as soon as there is one."""
    annotations: Document = {mark: url}
    change = merge_patch({"metadata": {"annotations": annotations}})
    while True:
        try:
            service.patch(CDI_CONFIG, None, "config", change)
        except ApiError:
            await asyncio.sleep(_AGAIN)  # CDI's controller has not made it yet
        else:
            return


async def serve(
    listener: socket.socket, what: str, root: Path, certificate: Certificate
) -> NoReturn:
    """Start a server for whoever comes, again after each of its lives, until cancelled.

    ``what`` is the word by which ``virtctl.local.imports`` knows which server it is to be.
    """
    descriptor = listener.fileno()
    while True:
        await readable(listener)
        server = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "virtctl.local.imports", what, str(descriptor),
            str(root), str(certificate.file), str(certificate.key),
            pass_fds=(descriptor,),
        )  # fmt: skip
        try:
            code = await server.wait()
            if code:
                log.warning("the server of `%s` ended with %d", root.name, code)
        finally:
            await children.end(server)


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
