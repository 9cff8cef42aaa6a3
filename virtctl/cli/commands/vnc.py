"""``vnc``: the screen of a machine."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable
from contextlib import suppress
from glob import glob
from typing import Annotated

from virtctl.cli.dialing import when_running
from virtctl.cli.drive import drive
from virtctl.cli.options import Option, VmiName
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.cli.verbs import doing
from virtctl.client.resources import find
from virtctl.client.sockets import SocketDuplex
from virtctl.client.subresources import Owner, path
from virtctl.errors import StreamError, UsageError, VirtctlError, WaitTimeout
from virtctl.models.documents import objects, text
from virtctl.models.kinds import VIRTUAL_MACHINE_INSTANCE
from virtctl.streams.duplex import Duplex
from virtctl.streams.forward import TcpDuplex, cannot_listen
from virtctl.streams.pump import pump
from virtctl.streams.viewers import Wish, choose, is_opener

_VIEWER_SECONDS = 60.0


def run(
    session: Session,
    name: VmiName,
    *,
    proxy_only: Annotated[
        bool, Option("--proxy-only", help="Start no viewer; print the port to connect one to.")
    ] = False,
    port: Annotated[int, Option("--port", help="Local port; 0 takes a free one.")] = 0,
    address: Annotated[
        str, Option("--address", help="Local address, with --proxy-only.")
    ] = "127.0.0.1",
    preserve_session: Annotated[
        bool, Option("--preserve-session", help="Do not push out whoever is connected.")
    ] = False,
    vnc_type: Annotated[
        str, Option("--vnc-type", help="Viewer: remote-viewer, tiger, chicken or real.")
    ] = "",
    vnc_path: Annotated[
        str, Option("--vnc-path", help="Path of the viewer.", complete="file")
    ] = "",
    timeout: Annotated[
        str, Option("--timeout", help="How long to wait for the machine: minutes, or as in `90s`.")
    ] = "5",
    browser: Annotated[
        bool,
        Option("--browser", help="Serve the screen to a web browser on this machine until Ctrl-C."),
    ] = False,
) -> Outcome:
    """Show the screen in a VNC viewer, waiting for the machine if it is still on its way up.

    The viewer is that of `--vnc-path` or `$VIRTCTL_VNC_VIEWER`, else one that is installed, else
    what the desktop opens `vnc://` addresses with.
    """
    wish = _wish(session, vnc_type, vnc_path)
    if not 0 <= port <= 65535:
        raise UsageError(f"invalid argument `{port}` for flag `--port`: must be from 0 to 65535")
    where = path(Owner.VMI, session.namespace, name, "vnc")
    query = {"preserveSession": str(preserve_session).lower()}
    screen = _Screen(session, name, wish, proxy_only=proxy_only)
    if browser and proxy_only:
        raise UsageError("flags `--browser`, `--proxy-only` exclude each other")
    with suppress(KeyboardInterrupt), doing(f"cannot show VMI {name}"):  # Ctrl-C is the way out
        if browser:
            from virtctl.cli.browsing import browse

            def dial() -> Awaitable[Duplex]:
                return when_running(session, name, where, timeout, query)

            drive(browse(session, name, dial, port))
            return Outcome()
        drive(screen.show(where, query, timeout, address if proxy_only else "127.0.0.1", port))
    return Outcome()


def _wish(session: Session, kind: str, viewer: str) -> Wish:
    environ = session.env.environ
    viewer = viewer or environ.get("VIRTCTL_VNC_VIEWER", "")
    opens = "" if viewer else _opens(session)
    return Wish(kind, viewer, session.verbosity >= 4, opens, sys.platform == "darwin")


def _opens(session: Session) -> str:
    """The program that opens ``vnc://`` addresses on this desktop, if one is chosen for them."""
    environ, processes = session.env.environ, session.env.processes
    if sys.platform == "darwin":
        return "open"  # Screen Sharing
    desktop = environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY")
    if not (desktop and processes.which("xdg-open") and processes.which("xdg-mime")):
        return ""
    asked = ["xdg-mime", "query", "default", "x-scheme-handler/vnc"]
    try:
        answer = processes.capture(asked, environ)
    except OSError:
        return ""
    return "xdg-open" if answer.stdout.strip() else ""


class _Screen:
    """One session: a stream, a listener for one client, and a viewer."""

    def __init__(self, session: Session, name: str, wish: Wish, *, proxy_only: bool) -> None:
        self.session = session
        self.name = name
        self.wish = wish
        self.proxy_only = proxy_only

    async def show(
        self, where: str, query: dict[str, str], patience: str, address: str, port: int
    ) -> None:
        """Open the stream first, then listen, then serve one client."""
        remote = await when_running(self.session, self.name, where, patience, query)
        client: asyncio.Future[TcpDuplex] = asyncio.get_running_loop().create_future()

        async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if client.done():
                writer.close()  # one at a time, as the screen has it
            else:
                client.set_result(TcpDuplex(reader, writer))

        try:
            try:
                server = await asyncio.start_server(accepted, address, port)
            except OSError as error:
                raise cannot_listen("tcp", address, port, error) from error
            async with server:
                bound = server.sockets[0].getsockname()[1]
                self._warn_if_paused()
                if self.proxy_only:
                    self.session.out(json.dumps({"port": bound}))
                    await _serve(await client, remote)
                else:
                    await self._view(bound, client, remote)
        finally:
            await remote.close()

    def _which(self, program: str) -> str | None:
        """A program's path; of a pattern, the last match."""
        if "*" in program:
            program = max(glob(program), default="")  # noqa: PTH207 - the pattern is absolute
        return self.session.env.processes.which(program) if program else None

    def _warn_if_paused(self) -> None:
        try:
            vmi = find(
                self.session.rest, VIRTUAL_MACHINE_INSTANCE, self.session.namespace, self.name
            )
        except VirtctlError:
            return
        paused = (
            c for c in objects(vmi or {}, "status", "conditions") if text(c, "type") == "Paused"
        )
        if any(text(condition, "status") == "True" for condition in paused):
            self.session.line(
                f"Warning: {self.name} is paused. Console will be active after unpause."
            )

    async def _view(
        self, port: int, client: asyncio.Future[TcpDuplex], remote: SocketDuplex
    ) -> None:
        argv = choose(self.wish, self._which, "127.0.0.1", port)
        viewer = await asyncio.create_subprocess_exec(*argv)
        ended = asyncio.create_task(viewer.wait())
        try:
            await asyncio.wait(
                {ended, client},  # type: ignore[type-var]  # futures of different types
                timeout=_VIEWER_SECONDS,
                return_when=asyncio.FIRST_COMPLETED,
            )
            if is_opener(argv) and ended.done() and not ended.result():  # it started another
                await asyncio.wait({client}, timeout=_VIEWER_SECONDS)
            if client.done():
                await _serve(client.result(), remote)
            elif not ended.done():
                raise WaitTimeout(f"a connection of viewer {argv[0]}", _VIEWER_SECONDS, "it runs")
            else:
                self.session.line(f"viewer {argv[0]} ended with exit code {ended.result()}")
        finally:
            if viewer.returncode is None and not client.done():
                viewer.terminate()
            await ended


async def _serve(local: TcpDuplex, remote: SocketDuplex) -> None:
    try:
        await pump(local, remote)
    except StreamError as error:
        raise StreamError(f"the screen's stream ended: {error}") from error
