"""Ping an address: as a network namespace's own, or on one of its links in a guest's name.

The second way reaches whom the guest reaches, and is subject to the policies that the guest is: the
frames have its MAC and its address. The guest sees the answer and takes it for none of its own.
"""

from __future__ import annotations

import contextlib
import os
import socket
import time

from launcher.net import probes
from launcher.net.probes import Ping
from launcher.system import namespaces, sights

_MTU_DISCOVER, _DO = 10, 2  # IP_MTU_DISCOVER, IP_PMTUDISC_DO: linux/in.h
_MTU_DISCOVER6 = 23  # IPV6_MTU_DISCOVER: linux/in6.h
_FRAME = 65535 + 64
_TRIES = 2


def echo(netns: str, address: str, size: int, *, seconds: float = 1.0) -> bool:
    """Whether an address answers a ping of ``size`` bytes, all headers included, from here.

    The packet may not be fragmented (RFC 1191). Asked twice. Raises ``HostError`` without a
    namespace.
    """
    version = 6 if ":" in address else 4
    family, protocol = (
        (socket.AF_INET6, socket.IPPROTO_ICMPV6)
        if version == 6
        else (socket.AF_INET, socket.IPPROTO_ICMP)
    )
    number = os.urandom(4)
    packet = probes.request(version, size, number)
    with namespaces.open_socket(netns, family, socket.SOCK_RAW, protocol) as asking:
        if version == 6:
            asking.setsockopt(socket.IPPROTO_IPV6, _MTU_DISCOVER6, _DO)
        else:
            asking.setsockopt(socket.IPPROTO_IP, _MTU_DISCOVER, _DO)
        for _ in range(_TRIES):
            deadline = time.monotonic() + seconds
            with contextlib.suppress(OSError):  # too large for a link, or late
                asking.sendto(packet, (address, 0))
                while (left := deadline - time.monotonic()) > 0:
                    asking.settimeout(left)
                    if probes.is_reply(asking.recv(_FRAME), version, number):
                        return True
    return False


def echo_as(
    netns: str, link: str, guest: tuple[str, str], address: str, size: int, *, seconds: float = 1.0
) -> bool:
    """Whether an address on the network of a link answers a guest's ping of ``size`` bytes.

    ``guest`` are its MAC and address, which the ping is from. Who the address belongs to is asked
    before. Raises ``HostError`` when the link is not there, or the MAC is none.
    """
    own_mac, own = guest
    mac = sights.ask(netns, link, address, own_mac)
    if not mac:
        return False
    asked = Ping(own_mac, own, mac, address, size, os.urandom(4))
    frame = probes.ping(asked)
    with sights.listen(netns, link) as listener:
        if ":" in address:
            with contextlib.suppress(OSError):
                listener.send(probes.introduction(own_mac, own, address))
        for _ in range(_TRIES):
            deadline = time.monotonic() + seconds
            with contextlib.suppress(OSError):  # too large for the link, late, or the link is down
                listener.send(frame)
                while (left := deadline - time.monotonic()) > 0:
                    listener.settimeout(left)
                    if probes.is_pong(listener.recv(_FRAME), asked):
                        return True
    return False
