"""Links, addresses and routes of this thread's network namespace, through the kernel's rtnetlink.

Everything is synchronous and takes well under a millisecond. Failures are ``HostError`` with the
kernel's own explanation when it gives one.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
from collections.abc import Iterator

from launcher.errors import HostError
from launcher.net import rtnetlink
from launcher.net.model import Address, Link, Route
from launcher.net.rtnetlink import ADD, CHANGE, LIST, Flag, LinkChange, Message, Type
from launcher.system import namespaces

_SOL_NETLINK = 270
_CAP_ACK, _EXT_ACK = 10, 11  # leave the request out of answers; explain errors
_BUFFER = 1 << 20  # a dump's datagrams are at most 32 KiB
_GONE = {errno.ENODEV, errno.EADDRNOTAVAIL, errno.ESRCH}


def links() -> tuple[Link, ...]:
    """All links, with addresses."""
    rows = [rtnetlink.parse_link(message.body) for message in dump(Type.GET_LINK)]
    found = [rtnetlink.parse_address(message.body) for message in dump(Type.GET_ADDRESS)]
    return rtnetlink.join(rows, [entry for entry in found if entry is not None])


def routes() -> tuple[Route, ...]:
    """The plain routes of the main table, IPv4 first."""
    names = dict(socket.if_nameindex())
    rows = [rtnetlink.parse_route(message.body) for message in dump(Type.GET_ROUTE)]
    return tuple(
        Route(destination=row.destination, device=names[row.device], gateway=row.gateway)
        for row in rows
        if row is not None and row.device in names
    )


def add_link(name: str, kind: str, *, mac: str = "", peer: str = "", peer_netns: str = "") -> None:
    """Make a link; ``peer`` is the other end of a veth, put into the namespace ``peer_netns``."""
    with contextlib.ExitStack() as stack:
        fd = None
        if peer_netns:
            fd = os.open(namespaces.path_of(peer_netns), os.O_RDONLY | os.O_CLOEXEC)
            stack.callback(os.close, fd)
        body = rtnetlink.build_new_link(name, kind, mac=mac, peer=peer, peer_netns_fd=fd)
        ask(Type.NEW_LINK, ADD, body, f"cannot make the {kind} `{name}`")


def delete_link(name: str) -> None:
    """Remove a link; one that is not there is fine."""
    with contextlib.suppress(OSError):
        body = rtnetlink.build_change_link(socket.if_nametoindex(name))
        ask(Type.DELETE_LINK, CHANGE, body, f"cannot remove the link `{name}`", fine=_GONE)


def change_link(
    name: str,
    *,
    up: bool | None = None,
    mac: str | None = None,
    mtu: int | None = None,
    master: str | None = None,
) -> None:
    """Change what is given of a link; an empty ``master`` unplugs it."""
    bridge = None if master is None else index(master) if master else 0
    _change(name, LinkChange(up=up, mac=mac, mtu=mtu, master=bridge))


def rename_link(name: str, to: str) -> None:
    """Give a link another name; it must be down."""
    _change(name, LinkChange(name=to))


def set_learning(name: str, *, on: bool) -> None:
    """Whether the bridge that a link is plugged into learns MAC addresses from it."""
    _change(name, LinkChange(learning=on))


def add_address(link: str, address: Address) -> None:
    """Add an address to a link; one that is there already is fine."""
    body = rtnetlink.build_address(index(link), address)
    problem = f"cannot add the address {address} to `{link}`"
    ask(Type.NEW_ADDRESS, ADD, body, problem, fine={errno.EEXIST})


def delete_address(link: str, address: Address) -> None:
    """Remove an address of a link; one that is not there is fine."""
    with contextlib.suppress(OSError):
        body = rtnetlink.build_address(socket.if_nametoindex(link), address)
        problem = f"cannot remove the address {address} from `{link}`"
        ask(Type.DELETE_ADDRESS, CHANGE, body, problem, fine=_GONE)


def add_route(route: Route) -> None:
    """Add a route to the main table; one that is there already is an error."""
    body = rtnetlink.build_route(route.destination, index(route.device), route.gateway)
    ask(Type.NEW_ROUTE, ADD, body, f"cannot add a route to {route.destination}")


def delete_route(route: Route) -> None:
    """Remove a route of the main table; one that is not there is fine."""
    with contextlib.suppress(OSError):
        device = socket.if_nametoindex(route.device)
        body = rtnetlink.build_route(route.destination, device, route.gateway)
        problem = f"cannot remove the route to {route.destination}"
        ask(Type.DELETE_ROUTE, CHANGE, body, problem, fine=_GONE)


def _change(name: str, change: LinkChange) -> None:
    body = rtnetlink.build_change_link(index(name), change)
    ask(Type.NEW_LINK, CHANGE, body, f"cannot change the link `{name}`")


def index(name: str) -> int:
    """The number of a link; raises ``HostError`` when there is none of this name."""
    try:
        return socket.if_nametoindex(name)
    except OSError:
        raise HostError(f"there is no link `{name}`") from None


def dump(kind: Type, body: bytes | None = None) -> list[Message]:
    """Everything of a kind; ``body`` is the request's when it is not the usual one."""
    with _open() as channel:
        channel.send(
            rtnetlink.build(kind, LIST, 1, rtnetlink.build_list(kind) if body is None else body)
        )
        return [message for message in _answers(channel) if message.type != Type.DONE]


def ask(
    kind: Type,
    flags: Flag,
    body: bytes,
    problem: str,
    fine: set[int] | frozenset[int] = frozenset(),
) -> None:
    """Send a request and read its acknowledgement; errno values in ``fine`` are success.

    Raises ``HostError`` that begins with ``problem``.
    """
    with _open() as channel:
        channel.send(rtnetlink.build(kind, flags, 1, body))
        for message in _answers(channel):
            number, told = rtnetlink.parse_error(message)
            if number and number not in fine:
                reason = os.strerror(number) + (f" ({told})" if told else "")
                raise HostError(f"{problem}: {reason}", _hint(number))


def _hint(number: int) -> str | None:
    if number == errno.EPERM:
        return "run as root"
    if number == errno.EOPNOTSUPP:
        return "the kernel lacks this kind of link; load its module"
    return None


def _answers(channel: socket.socket) -> Iterator[Message]:
    """Messages up to the one that ends an answer, which is included."""
    while True:
        for message in rtnetlink.parse(channel.recv(_BUFFER)):
            yield message
            if message.type in {Type.ERROR, Type.DONE}:
                return


@contextlib.contextmanager
def _open() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as channel:
        channel.setsockopt(_SOL_NETLINK, _CAP_ACK, 1)
        channel.setsockopt(_SOL_NETLINK, _EXT_ACK, 1)
        channel.bind((0, 0))
        yield channel
