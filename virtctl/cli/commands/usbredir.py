"""``usbredir``: give a machine a USB device of this computer."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Annotated

from virtctl.cli.drive import drive
from virtctl.cli.options import Argument, Option
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.cli.verbs import doing
from virtctl.client.sockets import SocketDuplex, dial
from virtctl.client.subresources import Owner, path
from virtctl.errors import StreamError, UsageError, VirtctlError
from virtctl.streams.forward import TcpDuplex, cannot_listen
from virtctl.streams.pump import pump

_PROGRAM = "usbredirect"
_HOST = "127.0.0.1"


def run(
    session: Session,
    words: Annotated[
        list[str],
        Argument(
            "[DEVICE] VMI", help="The device as VENDOR:PRODUCT or BUS-DEVICE, and the instance."
        ),
    ],
    *,
    no_launch: Annotated[
        bool, Option("--no-launch", help="Start no usbredirect; print where to connect one.")
    ] = False,
) -> Outcome:
    """Redirect a USB device into a running machine until it or the program ends."""
    if len(words) > 2:
        raise UsageError(f"unexpected argument `{words[2]}`")
    if len(words) == 1 and not no_launch:
        raise UsageError("missing argument DEVICE", "or give --no-launch")
    device, name = ("", words[0]) if len(words) == 1 else (words[0], words[1])
    program = ""
    if not no_launch:
        program = session.env.processes.which(_PROGRAM) or ""
        if not program:
            raise VirtctlError(
                f"no {_PROGRAM} found on this machine",
                "install it (it comes with usbredir), or give --no-launch",
            )
    argv = [program, "--device", device, "--to"] if program else []
    with suppress(KeyboardInterrupt), doing(f"cannot redirect USB to VMI {name}"):
        drive(_redirect(session, name, argv))
    return Outcome()


async def _redirect(session: Session, name: str, argv: list[str]) -> None:
    """Open the stream first, then listen, then serve one client."""
    remote = await dial(session.rest, path(Owner.VMI, session.namespace, name, "usbredir"))
    client: asyncio.Future[TcpDuplex] = asyncio.get_running_loop().create_future()

    async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if client.done():
            writer.close()  # the stream carries one device
        else:
            client.set_result(TcpDuplex(reader, writer))

    try:
        try:
            server = await asyncio.start_server(accepted, _HOST, 0)
        except OSError as error:
            raise cannot_listen("tcp", _HOST, 0, error) from error
        async with server:
            where = f"{_HOST}:{server.sockets[0].getsockname()[1]}"
            if argv:
                await _launch(session, [*argv, where], client, remote)
            else:
                session.out(f"User can connect usbredir client at: {where}")
                await _serve(await client, remote)
    finally:
        await remote.close()


async def _launch(
    session: Session, argv: list[str], client: asyncio.Future[TcpDuplex], remote: SocketDuplex
) -> None:
    program = await asyncio.create_subprocess_exec(*argv)
    ended = asyncio.create_task(program.wait())
    try:
        await asyncio.wait({ended, client}, return_when=asyncio.FIRST_COMPLETED)  # type: ignore[type-var]  # futures of different types
        if client.done():
            await _serve(client.result(), remote)
    finally:
        if program.returncode is None:
            with suppress(TimeoutError):  # it ends with its connection
                await asyncio.wait_for(asyncio.shield(ended), 2)
        if program.returncode is None:
            program.terminate()
        await ended
    if program.returncode:
        raise VirtctlError(f"{_PROGRAM} ended with exit code {program.returncode}")
    session.line(f"{_PROGRAM} has ended")


async def _serve(local: TcpDuplex, remote: SocketDuplex) -> None:
    try:
        await pump(local, remote)
    except StreamError as error:
        raise StreamError(f"the device's stream ended: {error}") from error
