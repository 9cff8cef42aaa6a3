"""From the guest's NIC to the wire: the hops of each NIC, in the order that frames pass them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from virtctl.models.documents import Document, JsonValue, items, objects, text
from virtctl.output.networks.facts import Facts, Link, Scope

MASQUERADE, BRIDGE = "masquerade", "bridge"
_OTHERS = ("masquerade", "bridge", "sriov", "passtBinding", "binding", "macvtap", "slirp")


@dataclass(frozen=True, kw_only=True)
class Hop:
    """One stop. ``where`` is guest, pod, node, host or wire; ``link`` is None for what is unseen.

    ``missing`` says that it should be there and is not.
    """

    where: str
    name: str
    kind: str
    link: Link | None = None
    addresses: tuple[str, ...] = ()
    mac: str = ""
    notes: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    missing: bool = False

    @property
    def mtu(self) -> int:
        """In bytes; 0 when unknown."""
        return self.link.mtu if self.link else 0

    def document(self) -> Document:
        """As data."""
        made: Document = {
            "where": self.where,
            "name": self.name,
            "kind": self.kind,
            "mac": self.mac or (self.link.mac if self.link else ""),
            "addresses": [*(self.addresses or (self.link.addresses if self.link else ()))],
            "seen": self.link is not None or self.where in {"guest", "wire"},
            "missing": self.missing,
            "notes": [*self.notes],
            "rules": [*self.rules],
        }
        if self.link is not None:
            made |= {"mtu": self.link.mtu, "up": self.link.up, "carrier": self.link.carrier}
            if self.link.master:
                made["master"] = self.link.master
            if self.link.counted:
                made |= {"rx": dict(self.link.rx), "tx": dict(self.link.tx)}
        return made


@dataclass(frozen=True, kw_only=True)
class Path:
    """The way of one NIC. ``network`` is ``pod`` or its definition's ``namespace/name``."""

    nic: str
    network: str
    binding: str
    mac: str = ""
    guest: tuple[str, ...] = ()
    pod_nic: str = ""
    plugin: Document = field(default_factory=dict)
    hops: tuple[Hop, ...] = ()

    @property
    def outer(self) -> str:
        """The pod's link that leads out of it."""
        if self.binding != BRIDGE:
            return self.pod_nic
        return f"{self.pod_nic.removeprefix('pod')}-nic"

    @property
    def tap(self) -> str:
        """The guest's tap in the pod."""
        return f"tap{_short(self.pod_nic)}"

    def document(self) -> Document:
        """As data."""
        return {
            "name": self.nic,
            "network": self.network,
            "binding": self.binding,
            "mac": self.mac,
            "hops": [hop.document() for hop in self.hops],
        }


def _short(pod_nic: str) -> str:
    """What taps are called after their pod's link: ``eth0`` has tap0, ``podX`` has tapX."""
    if pod_nic.startswith("pod"):
        return pod_nic[3:]
    return "".join(letter for letter in pod_nic if letter.isdigit())


def paths(
    vmi: Document, definitions: Mapping[str, Document | None], facts: Facts, namespace: str
) -> list[Path]:
    """The way of each NIC of a running machine. ``definitions`` go by ``namespace/name``."""
    networks = {text(one, "name"): one for one in objects(vmi, "spec", "networks")}
    states = {text(one, "name"): one for one in objects(vmi, "status", "interfaces")}
    found = []
    for interface in objects(vmi, "spec", "domain", "devices", "interfaces"):
        name = text(interface, "name")
        state = states.get(name, {})
        network = definition_name(networks.get(name, {}), namespace)
        definition = definitions.get(network)
        path = Path(
            nic=name,
            network=network,
            binding=binding_of(interface),
            mac=text(state, "mac") or text(interface, "macAddress"),
            guest=tuple(str(one) for one in items(state, "ipAddresses")),
            pod_nic=text(state, "podInterfaceName") or pod_nic(name, network),
            plugin=plugin_of(definition) if definition else {},
        )
        hops = (_guest(path, state), *_hops(path, facts))
        found.append(_with(path, hops))
    return found


def definition_name(network: Document, namespace: str) -> str:
    """``pod``, or ``namespace/name`` of a network's definition."""
    name = text(network, "multus", "networkName")
    if not name:
        return "pod"
    return name if "/" in name else f"{namespace}/{name}"


def binding_of(interface: Document) -> str:
    """How a NIC is bound to the pod's link."""
    return next((one for one in _OTHERS if one in interface), BRIDGE).removesuffix("Binding")


def pod_nic(name: str, network: str) -> str:
    """The pod's link of a NIC, by KubeVirt's rule for names."""
    if network == "pod":
        return "eth0"
    return f"pod{hashlib.sha256(name.encode()).hexdigest()[:11]}"


def plugin_of(definition: Document) -> Document:
    """The first plugin of a definition; empty when its configuration cannot be read."""
    try:
        config = json.loads(text(definition, "spec", "config") or "{}")
    except ValueError:
        return {}
    if not isinstance(config, dict):
        return {}
    chain: list[JsonValue] = config["plugins"] if isinstance(config.get("plugins"), list) else []
    first = next((one for one in chain if isinstance(one, dict)), None)
    return {"name": config.get("name"), **first} if first else config


def inside_address(path: Path, facts: Facts) -> str:
    """The guest's own IPv4 address: behind masquerade that to which the pod's NAT leads."""
    if path.binding == MASQUERADE:
        for rule in facts.scopes.get("pod", Scope(where="pod")).rules:
            if rule.startswith("ip nat") and "KUBEVIRT_PREINBOUND" in rule and " dnat to " in rule:
                return rule.rpartition(" dnat to ")[2].strip()
        return ""
    return next((one for one in path.guest if "." in one), "")


def _with(path: Path, hops: tuple[Hop, ...]) -> Path:
    return Path(
        nic=path.nic, network=path.network, binding=path.binding, mac=path.mac, guest=path.guest,
        pod_nic=path.pod_nic, plugin=path.plugin, hops=hops,
    )  # fmt: skip


def _guest(path: Path, state: Document) -> Hop:
    notes = []
    if path.binding == MASQUERADE:
        notes.append("these are the pod's addresses; inside, the guest has its own behind NAT")
    if text(state, "linkState") == "down":
        notes.append("the NIC's cable is unplugged (state: down)")
    return Hop(
        where="guest", name=text(state, "interfaceName") or path.nic, kind="NIC", mac=path.mac,
        addresses=path.guest, notes=tuple(notes),
    )  # fmt: skip


def _hops(path: Path, facts: Facts) -> Iterator[Hop]:
    pod, node = facts.scopes.get("pod"), facts.scopes.get("node")
    yield from _in_pod(path, pod)
    end = None
    if pod is not None and node is not None:
        outer = pod.link(path.outer)
        end = node.other_end(outer) if outer else None
        yield _hop(node, end.name if end else "", "veth", rules=_about(node, end, path.guest))
    if node is None:
        return
    if path.network == "pod":
        yield from _routed(facts, node, end)
    else:
        yield from _bridged(path, facts, node, end)


def _in_pod(path: Path, pod: Scope | None) -> Iterator[Hop]:
    nat = path.binding == MASQUERADE
    if path.binding in {MASQUERADE, BRIDGE}:
        bridge = f"k6t-{path.pod_nic.removeprefix('pod')}"
        yield _hop(pod, path.tap, "tap")
        yield _hop(pod, bridge, "bridge")
    elif path.binding == "passt":
        yield Hop(where="pod", name="passt", kind="process", notes=("passt forwards sockets",))
    if path.binding == "sriov":
        yield Hop(where="pod", name=path.pod_nic, kind="device", notes=("a device of the host",))
        return
    rules = tuple(rule for rule in pod.rules if " nat " in f" {rule}") if pod and nat else ()
    yield _hop(pod, path.outer, "veth", rules=rules)


def _routed(facts: Facts, node: Scope, end: Link | None) -> Iterator[Hop]:
    """The pod network: over the node's bridge and routes to the host."""
    if end is not None and end.master:
        yield _hop(node, end.master, "bridge")
    way = node.way_out
    if not way:
        return
    yield _hop(node, way, "uplink", notes=(f"routed by {node.gateway}",) if node.gateway else ())
    host, link = facts.scopes.get("host"), node.link(way)
    if host is None or link is None:
        return
    yield from (_hop(host, one.name, "veth") for one in (host.other_end(link),) if one)
    yield _hop(host, host.way_out, "uplink", rules=host.rules)


def _bridged(path: Path, facts: Facts, node: Scope, end: Link | None) -> Iterator[Hop]:
    """A network of a definition: over a bridge of the node to a network card."""
    plugin = path.plugin
    kind = text(plugin, "type")
    if kind == "ovn-k8s-cni-overlay":
        yield from _overlay(plugin, facts)
        return
    bridge = (end.master if end else "") or text(plugin, "bridge")
    if not bridge:
        master = text(plugin, "master")
        if master:
            yield _hop(node, master, "uplink", notes=(f"{kind} of this link",))
        return
    vlan = plugin.get("vlan")
    notes = [f"VLAN {vlan} by the definition"] if vlan else []
    yield _hop(node, bridge, "bridge", notes=tuple(notes))
    uplinks = [one for one in node.ports(bridge) if one != end and not one.name.startswith("veth")]
    for one in uplinks:
        tagged = f"frames leave with the tag {vlan}" if vlan else "frames leave as they come"
        yield _hop(node, one.name, "uplink", notes=(tagged,))
    if not uplinks and node.link(bridge):
        yield Hop(where="wire", name="none", kind="end", notes=(f"no network card is in {bridge}",))


def _overlay(plugin: Document, facts: Facts) -> Iterator[Hop]:
    topology = text(plugin, "topology")
    # The link of this name is the bridge's own port, which OVN never brings up: it says nothing.
    yield Hop(where="node", name="br-int", kind="ovs-bridge", notes=(f"OVN, {topology}",))
    if topology == "localnet":
        network = text(plugin, "physicalNetworkName") or text(plugin, "name")
        tag = plugin.get("vlanID")
        said = f"localnet {network}, {f'tag {tag}' if tag else 'untagged'}"
        yield Hop(where="wire", name=network, kind="localnet", notes=(said,))
        return
    node = facts.node or "this node"
    yield Hop(where="wire", name="geneve", kind="tunnel", notes=(f"Geneve from {node} to others",))


def _hop(
    scope: Scope | None, name: str, kind: str, *,
    notes: tuple[str, ...] = (), rules: tuple[str, ...] = (),
) -> Hop:  # fmt: skip
    """A link of a scope; of one that cannot be seen only the name that it should have."""
    if scope is None:
        return Hop(where="pod", name=name, kind=kind, notes=(*notes, "not seen from here"))
    link = scope.link(name)
    return Hop(
        where=scope.where, name=name or "?", kind=kind, link=link, notes=notes, rules=rules,
        missing=link is None,
    )  # fmt: skip


def _about(scope: Scope, link: Link | None, addresses: tuple[str, ...]) -> tuple[str, ...]:
    """Rules that name a link, or one of its guest's addresses, and those of chains they jump to."""
    names = [f'"{link.name}"'] if link else []
    wanted = [*names, *(one for one in addresses if not one.startswith("fe80"))]
    rules = [rule for rule in scope.rules if not rule.endswith(" jump remember")]
    found = [rule for rule in rules if any(_names(rule, one) for one in wanted)]
    for rule in tuple(found):
        head, jump, rest = rule.partition(" jump ")
        if jump:
            table = " ".join(head.split()[:2])
            begin = f"{table} {rest.split()[0]}: "
            found += [one for one in scope.rules if one.startswith(begin) and one not in found]
    return tuple(found)


def _names(rule: str, word: str) -> bool:
    return word in rule.replace(",", " ").replace("{", " ").split()
