"""``port-forward``: local ports onto a machine's, through the API server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from typing import TYPE_CHECKING, Annotated, NamedTuple, TypeVar

from virtctl.cli.drive import drive
from virtctl.cli.finding import instance_of, settle
from virtctl.cli.options import Argument, Option
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.cli.targets import Named, parse
from virtctl.cli.waiting import look
from virtctl.client.sockets import dial, dial_direct
from virtctl.client.subresources import path
from virtctl.errors import NotFound, UsageError, VirtctlError
from virtctl.streams.duplex import Direct, Duplex
from virtctl.streams.forward import TcpForward, UdpForward
from virtctl.streams.pump import pump
from virtctl.streams.stdio import DescriptorDuplex

if TYPE_CHECKING:
    from virtctl.client.rest import Rest


_PROTOCOLS = ("tcp", "udp")


class Port(NamedTuple):
    """One forwarding; ``local`` 0 takes a free port."""

    protocol: str
    local: int
    remote: int


def run(
    session: Session,
    target: Annotated[
        str, Argument("[TYPE/]NAME[/NAMESPACE]", help="The machine.", complete="target")
    ],
    ports: Annotated[
        list[str], Argument("[PROTOCOL/]LOCAL[:REMOTE]", help="Ports; protocol tcp or udp.")
    ],
    *,
    address: Annotated[str, Option("--address", help="Local address to listen on.")] = "127.0.0.1",
    stdio: Annotated[
        bool, Option("--stdio", help="Use stdin and stdout in place of a port.")
    ] = False,
    output: Annotated[
        str,
        Option("--output", "-o", help="Print what is bound as json lines.", choices=("", "json")),
    ] = "",
) -> Outcome:
    """Forward local ports to a machine until Ctrl-C.

    A local port of 0, or none as in `:80`, takes a free one. Each connection has a stream of its
    own: one that fails does not end the others. When the machine is found to be deleted, it ends.
    """
    machine = _machine(target)
    wanted = [parse_port(word) for word in ports]
    if stdio and len(wanted) != 1:
        raise UsageError("only one port can be forwarded to stdin and stdout")
    machine = settle(session, machine)
    if stdio:
        drive(_stdio(session, machine, wanted[0]))
        return Outcome()
    with suppress(KeyboardInterrupt):  # the way to end it
        drive(_listen(session, machine, wanted, address, as_json=output == "json"))
    return Outcome()


def _machine(target: str) -> Named:
    """Read the machine; a port in its place is told as one. Raises ``UsageError``."""
    machine = parse(target)
    if machine.name.lower() in _PROTOCOLS and machine.namespace and not machine.typed:
        raise UsageError(
            f"unsupported resource type `{machine.name}`",
            f"name the machine first, as in `vm/NAME {target}`",
        )
    return machine


def parse_port(word: str) -> Port:
    """Read ``[tcp/|udp/]LOCAL[:REMOTE]``. Raises ``UsageError``."""
    protocol, slash, numbers = word.partition("/")
    if not slash:
        protocol, numbers = "tcp", word
    if protocol.lower() not in _PROTOCOLS:
        raise UsageError(f"unknown protocol `{protocol}` in port `{word}`", "use tcp or udp")
    local, colon, remote = numbers.partition(":")
    return Port(
        protocol.lower(),
        _number(local or "0", word, 0),
        _number(remote if colon else local, word, 1),
    )


def _number(text: str, word: str, least: int) -> int:
    if text.isascii() and text.isdigit() and least <= int(text) <= 65535:
        return int(text)
    raise UsageError(f"invalid port `{word}`: `{text}` is not a number from {least} to 65535")


class _Here(NamedTuple):
    """Where is listened, what is to be closed, and what ends it."""

    address: str
    stack: AsyncExitStack
    gone: asyncio.Future[None]


def _is_gone(session: Session, machine: Named) -> bool:
    """Whether there is no such machine any more, nor an instance of it that still runs."""
    seen = look(session, machine.name, machine.namespace)
    return seen.vm is None and seen.vmi is None


T = TypeVar("T")


async def _dial(
    session: Session, machine: Named, port: Port, dialled: Callable[[Rest, str], Awaitable[T]]
) -> T:  # fmt: skip
    verb = f"portforward/{port.remote}/{port.protocol}"
    where = path(machine.owner, machine.namespace, machine.name, verb)
    try:
        return await dialled(session.rest, where)
    except NotFound:
        instance = instance_of(session, machine)
        if instance is None:
            raise
    return await dialled(session.rest, path(instance.owner, machine.namespace, machine.name, verb))


async def _stdio(session: Session, machine: Named, port: Port) -> None:
    remote = await _dial(session, machine, port, dial)
    env = session.env
    await pump(DescriptorDuplex(env.stdin.fileno(), env.stdout.fileno()), remote)


async def _listen(
    session: Session, machine: Named, ports: list[Port], address: str, *, as_json: bool
) -> None:
    async with AsyncExitStack() as stack:
        here = _Here(address, stack, asyncio.get_running_loop().create_future())
        for port in ports:
            await _open(session, machine, port, here, as_json=as_json)
        await here.gone


async def _open(
    session: Session,
    machine: Named,
    port: Port,
    here: _Here,
    *,
    as_json: bool,
) -> None:
    async def connect() -> Duplex | Direct:
        try:
            if port.protocol == "udp":
                return await _dial(session, machine, port, dial)
            return await _dial(session, machine, port, dial_direct)
        except NotFound:
            if not here.gone.done() and _is_gone(session, machine):
                problem = f"{machine} is gone: there is nothing left to forward to"
                here.gone.set_exception(VirtctlError(problem))
            raise

    def tell(problem: str) -> None:
        session.line(f"{problem} (port {port.remote} of {machine})")

    forward = (UdpForward if port.protocol == "udp" else TcpForward)(connect, tell)
    bound = await forward.open(here.address, port.local)
    here.stack.push_async_callback(forward.close)
    session.line(f"forwarding {port.protocol} {bound.host}:{bound.port} to {port.remote}")
    if as_json:
        line = {
            "address": bound.host,
            "port": bound.port,
            "protocol": port.protocol,
            "target": port.remote,
        }
        session.out(json.dumps(line))
