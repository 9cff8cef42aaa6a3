"""The network of one namespace as data.

Desired and observed networks are the same type, ``NetState``. An observed one is complete. A
desired one names only what matters to it: a field left at its default is not looked at, and links,
routes, tables and settings that it does not name are left alone.
"""

from __future__ import annotations

import ipaddress
from enum import StrEnum

import msgspec


class _Value(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Base of the parts of a network."""


class Address(_Value, frozen=True, kw_only=True, order=True):
    """An IP address with the length of its prefix."""

    ip: str
    prefix: int

    @classmethod
    def parse(cls, text: str) -> Address:
        """Read ``10.0.2.1/24``; raises ``ValueError`` when it is none."""
        found = ipaddress.ip_interface(text)
        return cls(ip=str(found.ip), prefix=found.network.prefixlen)

    @property
    def version(self) -> int:
        """4 or 6."""
        return 6 if ":" in self.ip else 4

    def __str__(self) -> str:
        return f"{self.ip}/{self.prefix}"


class Peer(_Value, frozen=True, kw_only=True):
    """The other end of a veth and the named namespace it is put into."""

    name: str
    netns: str = ""


class Link(_Value, frozen=True, kw_only=True):
    """A link. ``mtu`` is in bytes.

    ``learning`` says whether a bridge's port learns MAC addresses; None for what is no port.
    Desired only: an empty ``kind`` says that somebody else makes it; ``was`` is the name that it
    may still have; ``peer``, ``owner`` (uid and gid of a tap) and ``queues`` tell how to make it
    and are not compared afterwards.
    Observed addresses leave out IPv6's link-local ones, which are the kernel's own.
    """

    name: str
    kind: str = ""
    mac: str = ""
    mtu: int = 0
    master: str | None = None
    addresses: tuple[Address, ...] | None = None
    up: bool | None = None
    learning: bool | None = None
    was: str = ""
    peer: Peer | None = None
    owner: int = 0
    queues: int = 0


class Route(_Value, frozen=True, kw_only=True):
    """A route of the main table. ``destination`` is a CIDR; the default is ``0.0.0.0/0``."""

    destination: str
    device: str
    gateway: str = ""

    @property
    def is_default(self) -> bool:
        """Whether it is where everything else goes."""
        return self.destination in {"0.0.0.0/0", "::/0"}


class Sysctl(_Value, frozen=True, kw_only=True):
    """A kernel setting; ``key`` is its path below ``/proc/sys``."""

    key: str
    value: str


class Verdict(StrEnum):
    """What a rule does with a packet that it matches."""

    NONE = ""
    ACCEPT = "accept"
    DROP = "drop"
    RETURN = "return"
    JUMP = "jump"
    MASQUERADE = "masquerade"
    DNAT = "dnat"
    SNAT = "snat"


class Match(_Value, frozen=True, kw_only=True):
    """One condition of a rule.

    ``field`` is nft's name (``iifname``, ``ip saddr``, ``tcp dport``); ``values`` are addresses,
    CIDRs, names, ports or ranges of ports (``80-90``), of which one must hold, or none of them when
    ``negate``.
    """

    field: str
    values: tuple[str, ...]
    negate: bool = False


class Rule(_Value, frozen=True, kw_only=True):
    """A rule with a counter. ``target`` is a chain or an address.

    ``raw`` is the nft JSON of a rule that somebody else made and that is more than we can say; it
    is kept so that it can be put back.
    """

    matches: tuple[Match, ...] = ()
    verdict: Verdict = Verdict.NONE
    target: str = ""
    counter: bool = True
    raw: str = ""


class Hook(_Value, frozen=True, kw_only=True):
    """Where a base chain is attached."""

    kind: str  # nat, filter, route
    hook: str
    priority: int
    policy: str = "accept"


class Chain(_Value, frozen=True, kw_only=True):
    """A chain of rules; without ``hook`` one that rules jump to."""

    name: str
    hook: Hook | None = None
    rules: tuple[Rule, ...] = ()


class Table(_Value, frozen=True, kw_only=True):
    """An nft table: the filters of one purpose. ``family`` is ``ip``, ``ip6`` or ``inet``."""

    family: str
    name: str
    chains: tuple[Chain, ...] = ()


class NetState(_Value, frozen=True, kw_only=True):
    """The network of one namespace. Links are in the order in which they are made."""

    links: tuple[Link, ...] = ()
    routes: tuple[Route, ...] = ()
    sysctls: tuple[Sysctl, ...] = ()
    tables: tuple[Table, ...] = ()

    def link(self, name: str) -> Link | None:
        """The link of a name, if there is one."""
        return next((link for link in self.links if link.name == name), None)

    def sysctl(self, key: str) -> str | None:
        """The value of a setting, None when it is not there."""
        return next((setting.value for setting in self.sysctls if setting.key == key), None)

    def table(self, family: str, name: str) -> Table | None:
        """The table of a family and name, if there is one."""
        return next((t for t in self.tables if (t.family, t.name) == (family, name)), None)

    def default_gateway(self, version: int) -> str:
        """Next hop of the default route of IP version 4 or 6; empty when there is none."""
        wanted = "::/0" if version == 6 else "0.0.0.0/0"
        return next((r.gateway for r in self.routes if r.destination == wanted), "")
