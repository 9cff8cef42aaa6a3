"""Which kinds of network links the kernel can make: asked, with nothing made.

The kernel is asked for a link with more queues than it allows. It loads the module of the kind
first; an unknown kind is then refused with EOPNOTSUPP, and a known one for its queues.
Messages as in rtnetlink(7) and linux/if_link.h.
"""

from __future__ import annotations

import errno
import socket
import struct
from collections.abc import Iterable

KINDS = (
    "bond", "bridge", "dummy", "geneve", "ifb", "ipvlan", "macvlan", "macvtap", "openvswitch",
    "veth", "vlan", "vrf", "vxlan", "wireguard",
)  # fmt: skip

_RTM_NEWLINK = 16
_REQUEST_ACK_CREATE_EXCLUSIVE = 0x1 | 0x4 | 0x400 | 0x200
_IFLA_LINKINFO, _IFLA_INFO_KIND, _IFLA_NUM_TX_QUEUES = 18, 1, 31
_TOO_MANY = 0xFFFF
_REFUSED = {-errno.EOPNOTSUPP, -errno.EPERM}


def available(kinds: Iterable[str] = KINDS) -> tuple[str, ...]:
    """The kinds of links that can be made here; empty without the right to make any."""
    return tuple(kind for kind in kinds if known(kind))


def known(kind: str) -> bool:
    """Whether links of a kind can be made in this thread's network namespace."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as channel:
        channel.send(_request(kind))
        answer = channel.recv(65536)
    # struct nlmsghdr (16 bytes), then the negative error number of struct nlmsgerr
    number: int = struct.unpack_from("=i", answer, 16)[0]
    return number not in _REFUSED


def _request(kind: str) -> bytes:
    queues = _attribute(_IFLA_NUM_TX_QUEUES, struct.pack("=I", _TOO_MANY))
    link = _attribute(_IFLA_LINKINFO, _attribute(_IFLA_INFO_KIND, kind.encode()))
    body = struct.pack("=BxHiII", socket.AF_UNSPEC, 0, 0, 0, 0xFFFFFFFF) + queues + link
    head = struct.pack("=IHHII", 16 + len(body), _RTM_NEWLINK, _REQUEST_ACK_CREATE_EXCLUSIVE, 1, 0)
    return head + body


def _attribute(kind: int, value: bytes) -> bytes:
    length = 4 + len(value)
    return struct.pack("=HH", length, kind) + value + bytes(-length % 4)
