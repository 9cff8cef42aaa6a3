"""What is known of the links on the way: from a node that shows them, or from what an API says.

The first is ``local.virtctl.io``'s answer, the second a NodeNetworkState, which has neither
counters nor the insides of pods.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from virtctl.models.documents import Document, child, flag, integer, items, objects, text


@dataclass(frozen=True, kw_only=True)
class Link:
    """A link as somebody saw it; ``counted`` says whether ``rx`` and ``tx`` are known."""

    name: str
    kind: str = ""
    index: int = 0
    peer: int = 0
    mac: str = ""
    mtu: int = 0
    up: bool = True
    carrier: bool = True
    master: str = ""
    vlan: int = 0
    filters_vlans: bool = False
    addresses: tuple[str, ...] = ()
    vlans: tuple[Document, ...] = ()
    counted: bool = False
    rx: Document = field(default_factory=dict)
    tx: Document = field(default_factory=dict)

    @property
    def pvid(self) -> int:
        """The VLAN of frames that come without a tag; 0 when there is none."""
        return next((integer(one, "vlan") for one in self.vlans if flag(one, "pvid")), 0)


@dataclass(frozen=True, kw_only=True)
class Scope:
    """One network namespace: ``where`` is pod, node or host."""

    where: str
    links: tuple[Link, ...] = ()
    routes: tuple[Document, ...] = ()
    neighbours: tuple[Document, ...] = ()
    rules: tuple[str, ...] = ()

    def link(self, name: str) -> Link | None:
        """The link of a name."""
        return next((link for link in self.links if link.name == name), None)

    def other_end(self, link: Link) -> Link | None:
        """The link here whose other end a link of another namespace is."""
        if not link.peer:
            return None
        return next((one for one in self.links if one.index == link.peer), None)

    def ports(self, bridge: str) -> tuple[Link, ...]:
        """Links that are ports of a bridge."""
        return tuple(link for link in self.links if link.master == bridge)

    @property
    def way_out(self) -> str:
        """The device of the default route."""
        ways = (text(one, "device") for one in self.routes if _is_default(one))
        return next(ways, "")

    @property
    def gateway(self) -> str:
        """The next hop of IPv4's default route."""
        return next((hop for hop in self._hops if "." in hop), "")

    @property
    def gateway6(self) -> str:
        """The next hop of IPv6's default route."""
        return next((hop for hop in self._hops if ":" in hop), "")

    @property
    def _hops(self) -> list[str]:
        return [text(one, "gateway") for one in self.routes if _is_default(one)]


@dataclass(frozen=True, kw_only=True)
class Facts:
    """All scopes that could be seen, and what was asked on the way."""

    node: str = ""
    scopes: dict[str, Scope] = field(default_factory=dict)
    switches: tuple[Document, ...] = ()
    answers: tuple[Document, ...] = ()
    names: tuple[Document, ...] = ()
    echoes: tuple[Document, ...] = ()
    leases: tuple[Document, ...] = ()
    programs: dict[str, bool] = field(default_factory=dict)
    unseen: tuple[str, ...] = ()
    """Sentences about what cannot be seen from here."""

    def answer(self, link: str, address: str) -> str | None:
        """The MAC that answered for an address; empty when none did, None when nobody asked."""
        for one in self.answers:
            if (text(one, "link"), text(one, "address")) == (link, address):
                return text(one, "mac")
        return None


def read(document: Document) -> Facts:
    """What a node of ours says of a pod's network."""
    sights = child(document, "sights")
    return Facts(
        node=text(document, "node"),
        scopes={where: _scope(where, child(sights, where)) for where in sights},
        switches=tuple(objects(document, "switches")),
        answers=tuple(objects(document, "answers")),
        names=tuple(objects(document, "names")),
        echoes=tuple(objects(document, "echoes")),
        leases=tuple(objects(document, "leases")),
        programs={name: runs is True for name, runs in child(document, "programs").items()},
    )


def of_node_state(state: Document) -> Scope:
    """A node by its NodeNetworkState."""
    return Scope(where="node", links=tuple(_links_of_state(state)))


def _scope(where: str, sight: Document) -> Scope:
    return Scope(
        where=where,
        links=tuple(_link(one) for one in objects(sight, "links")),
        routes=tuple(objects(sight, "routes")),
        neighbours=tuple(objects(sight, "neighbours")),
        rules=tuple(str(rule) for rule in items(sight, "rules")),
    )


def _link(one: Document) -> Link:
    return Link(
        name=text(one, "name"),
        kind=text(one, "kind"),
        index=integer(one, "index"),
        peer=integer(one, "peer"),
        mac=text(one, "mac"),
        mtu=integer(one, "mtu"),
        up=flag(one, "up"),
        carrier=flag(one, "carrier"),
        master=text(one, "master"),
        vlan=integer(one, "vlan"),
        filters_vlans=flag(one, "filters_vlans"),
        addresses=tuple(str(address) for address in items(one, "addresses")),
        vlans=tuple(objects(one, "vlans")),
        counted=True,
        rx=child(one, "rx"),
        tx=child(one, "tx"),
    )


def _links_of_state(state: Document) -> Iterator[Link]:
    interfaces = list(objects(state, "status", "currentState", "interfaces"))
    masters = {
        text(port, "name"): text(bridge, "name")
        for bridge in interfaces
        for port in objects(bridge, "bridge", "port")
    }
    for one in interfaces:
        yield Link(
            name=text(one, "name"),
            kind=text(one, "type"),
            mac=text(one, "mac-address").lower(),
            mtu=integer(one, "mtu"),
            up=text(one, "state") == "up",
            carrier=text(one, "state") == "up",
            master=masters.get(text(one, "name"), text(one, "controller")),
            vlan=integer(one, "vlan", "id"),
            addresses=tuple(
                f"{text(address, 'ip')}/{integer(address, 'prefix-length')}"
                for family in ("ipv4", "ipv6")
                for address in objects(one, family, "address")
            ),
        )


def _is_default(route: Document) -> bool:
    return text(route, "destination") == "default"
