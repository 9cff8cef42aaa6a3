"""Look at a network namespace, ask who answers on a link, and listen to what passes there.

All of it needs root and changes nothing. ``ask`` sends one kind of frame, an ARP probe (RFC 5227)
or a neighbour solicitation without a sender (RFC 4861): nobody's table of neighbours learns from
it.
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import time
from collections.abc import Iterator

from launcher.errors import HostError
from launcher.net import probes, sights
from launcher.net.sights import Sight
from launcher.system import namespaces, process

_ALL = 0x0003  # linux/if_ether.h
_OUTGOING = 4  # PACKET_OUTGOING: what others send out by the link, linux/if_packet.h
_NAMES = 53
_QUERY = struct.pack("!HHHHH", 0x0100, 1, 0, 0, 0)  # one question, recursion desired
_ADDRESSES = struct.pack("!HH", 1, 1)  # type A, class IN
_TRIES = 3
_FRAME = 65535 + 64


def look(netns: str) -> Sight:
    """What there is in a namespace, named or, if empty, this thread's. Raises ``HostError``.

    Takes some 30 ms: five programs are run.
    """

    def say(*argv: str) -> str:
        done = process.run(argv, netns=netns or None, check=False)
        return done.stdout if done.returncode == 0 else ""

    if netns and not namespaces.exists(netns):
        raise HostError(f"there is no network namespace `{netns}`")
    return Sight(
        netns=netns,
        links=sights.links(
            say("ip", "-j", "-d", "-s", "address", "show"), say("bridge", "-j", "vlan", "show")
        ),
        routes=sights.routes(say("ip", "-j", "route", "show"))
        + sights.routes(say("ip", "-6", "-j", "route", "show")),
        neighbours=sights.neighbours(say("ip", "-j", "neighbour", "show")),
        rules=sights.rules(say("nft", "list", "ruleset")),
    )


def ask(netns: str, link: str, address: str, mac: str = "", *, seconds: float = 0.5) -> str:
    """The MAC that answers for an address on a link; empty when none does in time.

    Asked up to three times, ``seconds`` apart, as ``mac`` or else as the link itself: bridges that
    check MACs let through their guest's own only. Nobody answers on a link that is down. Raises
    ``HostError`` when it is not there, or ``mac`` is none.
    """
    # A port's bridge takes frames before sockets for one protocol see them: hence all.
    with _listening(netns, link, _ALL) as listener:
        own = _own(mac) if mac else listener.getsockname()[4]
        question = probes.probe(own, address)
        for _ in range(_TRIES):
            try:
                listener.send(question)
            except OSError:
                return ""  # the link is down
            deadline = time.monotonic() + seconds
            while (left := deadline - time.monotonic()) > 0:
                listener.settimeout(left)
                with contextlib.suppress(OSError):  # it is late, or the link went down
                    frame, origin = listener.recvfrom(_FRAME)
                    found = probes.answer(frame, address) if origin[2] != _OUTGOING else ""
                    if found:
                        return found
    return ""


def ask_name(netns: str, server: str, name: str, *, seconds: float = 2.0) -> int:
    """How many IPv4 addresses a name service has for a name, asked from a namespace (RFC 1035).

    -1 when it does not answer in time. Raises ``HostError`` when there is no such namespace.
    """
    number = os.urandom(2)
    labels = b"".join(bytes([len(one)]) + one for one in name.encode().split(b"."))
    query = number + _QUERY + labels + b"\0" + _ADDRESSES
    with namespaces.open_socket(netns, socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(seconds)
        try:
            asking.connect((server, _NAMES))
            asking.send(query)
            reply = asking.recv(512)
        except OSError:
            return -1
    if len(reply) < len(number) + len(_QUERY) or reply[:2] != number:
        return -1
    found: int = struct.unpack_from("!H", reply, 6)[0]
    return found


def listen(netns: str, link: str) -> socket.socket:
    """A socket that gets each frame that passes a link, in both directions.

    It does not block, so that an event loop can read it. Raises ``HostError``.
    """
    made = _listening(netns, link, _ALL)
    made.setblocking(False)  # noqa: FBT003 - a system call
    return made


def _listening(netns: str, link: str, protocol: int) -> socket.socket:
    made = namespaces.open_socket(netns, socket.AF_PACKET, socket.SOCK_RAW, 0)
    try:
        made.bind((link, protocol))
    except OSError as error:
        made.close()
        raise HostError(f"cannot listen on the link `{link}`: {error.strerror}") from error
    return made


def _own(mac: str) -> bytes:
    try:
        return probes.packed(mac)
    except ValueError as error:
        raise HostError(str(error)) from None


def frames(listener: socket.socket) -> Iterator[bytes]:
    """Frames that wait in a listener's queue."""
    with contextlib.suppress(BlockingIOError):
        while True:
            yield listener.recv(_FRAME)
