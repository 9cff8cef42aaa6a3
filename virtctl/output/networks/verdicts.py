"""What is wrong on the way, hop by hop from the guest to the wire: each with cause and remedy."""

from __future__ import annotations

from collections.abc import Iterator

from virtctl.models.documents import Document, integer, text
from virtctl.output.networks import reach
from virtctl.output.networks.facts import Facts, Scope
from virtctl.output.networks.findings import BAD, GOOD, UNKNOWN, Finding
from virtctl.output.networks.leases import of_lease
from virtctl.output.networks.path import BRIDGE, MASQUERADE, Hop, Path

FOREIGN_NAME = "a.root-servers.net"
"""A name that every name service finds, if it gets out at all."""

_LAYER_TWO = frozenset({"tap", "bridge", "veth", "uplink"})
_OVERLAY = "ovn-k8s-cni-overlay"


def of_path(path: Path, facts: Facts) -> list[Finding]:
    """One NIC's findings, in the order of its hops."""
    places: dict[str, int] = {}
    for place, hop in enumerate(path.hops):
        places.setdefault(f"{hop.where} {hop.name}", place)
    found = list(_of_path(path, facts))
    return sorted(found, key=lambda one: places.get(one.hop, len(places)))


def _of_path(path: Path, facts: Facts) -> Iterator[Finding]:
    nic = path.nic
    for hop in path.hops:
        yield from _link(nic, hop)
    yield from _guest(path, facts)
    yield from _masters(path, facts)
    yield from of_lease(path, facts)
    yield from _mtu(path)
    yield from _policies(path)
    if path.binding == MASQUERADE and "pod" in facts.scopes:
        yield from _nat(path, facts.scopes["pod"])
    if path.network == "pod":
        yield from _routes(path, facts)
    elif text(path.plugin, "type") == _OVERLAY:
        yield from _programs(path, facts)
    else:
        yield from _node_bridge(path, facts)


def of_names(facts: Facts) -> Iterator[Finding]:
    """Whether the node's name service knows the machine, and gets names of others answered."""
    for one in facts.names:
        name, server, count = text(one, "name"), text(one, "server"), integer(one, "addresses")
        where = f"node {server}"
        if name == FOREIGN_NAME:
            yield _foreign(where, answered=count > 0)
        elif count > 0:
            yield Finding("", where, "dns", GOOD, f"{name} has {count} addresses")
        elif count == 0:
            said = f"the name service knows no IPv4 address of {name}"
            remedy = "is there an address in `virtctl get-ip`? names follow it"
            yield Finding("", where, "dns", BAD, said, remedy)
        else:
            said = f"the name service does not answer for {name}"
            remedy = "look at `virtctl local logs`, and at policies for UDP port 53"
            yield Finding("", where, "dns", BAD, said, remedy)


def _foreign(where: str, *, answered: bool) -> Finding:
    if answered:
        return Finding("", where, "dns", GOOD, f"{FOREIGN_NAME} is known: others' names are too")
    said = f"{FOREIGN_NAME} gets no address: others' names cannot be looked up from here"
    remedy = "well without a way out; else look at the name servers in the host's /etc/resolv.conf"
    return Finding("", where, "dns", UNKNOWN, said, remedy)


def _guest(path: Path, facts: Facts) -> Iterator[Finding]:
    where = f"guest {path.hops[0].name}"
    if not path.guest:
        yield Finding(
            path.nic, where, "address", UNKNOWN, "no address of the guest is known",
            "without a guest agent only DHCP of the pod network tells it",
        )  # fmt: skip
    elif all(one.startswith(("fe80", "169.254")) for one in path.guest):
        yield Finding(
            path.nic, where, "address", BAD, "the guest has link-local addresses only",
            "see to a DHCP server on the network, or give cloud-init an address in networkData",
        )  # fmt: skip
    else:
        yield Finding(path.nic, where, "address", GOOD, " ".join(path.guest))
    yield from reach.of_guest(path, facts)


def _link(nic: str, hop: Hop) -> Iterator[Finding]:
    if hop.missing:
        said = f"the {hop.kind} is not there"
        remedy = "restart the machine: `virtctl restart`" if hop.where != "host" else ""
        if hop.kind == "bridge" and hop.where == "node":
            remedy = "make it by a policy: `virtctl net create lan`, `virtctl net policy why`"
        yield Finding(nic, f"{hop.where} {hop.name}", "link", BAD, said, remedy)
    elif hop.link is None:
        return
    elif not hop.link.up:
        yield Finding(
            nic,
            f"{hop.where} {hop.name}",
            "link",
            BAD,
            "is down",
            f"`ip link set {hop.name} up` in the {hop.where}",
        )
    elif not hop.link.carrier:
        yield Finding(
            nic, f"{hop.where} {hop.name}", "link", BAD,
            "has no carrier: its other end is down or unplugged",
            "look at the cable, the switch, or the other end's state",
        )  # fmt: skip
    else:
        yield Finding(nic, f"{hop.where} {hop.name}", "link", GOOD, "up")


def _masters(path: Path, facts: Facts) -> Iterator[Finding]:
    """Whether taps and links are ports of the bridges that they should be in."""
    bridge = f"k6t-{path.pod_nic.removeprefix('pod')}"
    ports = {MASQUERADE: (path.tap,), BRIDGE: (path.tap, path.outer)}.get(path.binding, ())
    pod = facts.scopes.get("pod", Scope(where="pod"))
    for port in ports:
        link = pod.link(port)
        if link is not None and link.master != bridge:
            said = f"is in {link.master or 'no bridge'} instead of {bridge}"
            remedy = f"`ip link set {port} master {bridge}` in the pod, or restart the machine"
            yield Finding(path.nic, f"pod {port}", "bridge", BAD, said, remedy)


def _mtu(path: Path) -> Iterator[Finding]:
    """Frames as large as the guest sends must pass all that does not route."""
    passed = [hop for hop in path.hops if hop.mtu and hop.kind in _LAYER_TWO]
    if path.network == "pod":
        passed = [hop for hop in passed if hop.where == "pod"]
    if not passed:
        return
    largest = passed[0].mtu
    for hop in passed[1:]:
        if hop.mtu < largest:
            said = f"MTU {hop.mtu}, but the guest may send frames of {largest}"
            remedy = f"give the definition `mtu: {hop.mtu}`, or {hop.name} an MTU of {largest}"
            yield Finding(path.nic, f"{hop.where} {hop.name}", "mtu", BAD, said, remedy)
            return
    yield Finding(
        path.nic, f"{passed[-1].where} {passed[-1].name}", "mtu", GOOD, f"{largest} all the way"
    )


def _nat(path: Path, pod: Scope) -> Iterator[Finding]:
    """KubeVirt's rules: one leads in (from its chain PREINBOUND), one hides the guest's address."""
    versions = {"ip6" if ":" in one else "ip" for one in path.guest} or {"ip"}
    for version in sorted(versions):
        rules = [rule for rule in pod.rules if rule.startswith(f"{version} nat ")]
        inward = [rule for rule in rules if "PREINBOUND: " in rule and " dnat to " in rule]
        outward = [rule for rule in rules if rule.endswith(" masquerade")]
        where = f"pod {path.outer}"
        for there, what in ((inward, "dnat"), (outward, "masquerade")):
            if there:
                said = f"{version}: {what}, {sum(map(_packets, there))} connections so far"
                yield Finding(path.nic, where, "nat", GOOD, said)
            else:
                yield Finding(
                    path.nic, where, "nat", BAD, f"{version}: there is no rule for {what}",
                    "restart the machine: its launcher makes the table `nat`",
                )  # fmt: skip


def _routes(path: Path, facts: Facts) -> Iterator[Finding]:
    pod = facts.scopes.get("pod")
    if pod is None or path.binding != MASQUERADE:
        return
    if not pod.gateway:
        said = "the pod has no default route"
        yield Finding(
            path.nic, f"pod {path.outer}", "route", BAD, said, "make the pod anew: `restart`"
        )
        return
    yield from reach.of_gateways(path, facts)
    yield from _host(path, facts)


def _host(path: Path, facts: Facts) -> Iterator[Finding]:
    host = facts.scopes.get("host")
    if host is None:
        return
    where = f"host {host.way_out}"
    if any("masquerade" in rule for rule in host.rules):
        yield Finding(path.nic, where, "nat", GOOD, "the host masquerades the pod network")
    else:
        yield Finding(
            path.nic, where, "nat", BAD, "the host does not masquerade the pod network",
            "`virtctl local up` makes the rule again",
        )  # fmt: skip
    dropping = [rule for rule in host.rules if "policy drop" in rule]
    if dropping:
        yield Finding(
            path.nic, where, "forward", UNKNOWN, f"{dropping[0]}: forwarded packets may be dropped",
            "`virtctl local doctor` has the rule that lets them pass",
        )  # fmt: skip


def _programs(path: Path, facts: Facts) -> Iterator[Finding]:
    """Whether all that the overlay network needs runs."""
    for name, runs in facts.programs.items():
        if runs:
            continue
        yield Finding(
            path.nic, "node br-int", "program", BAD, f"{name} of OVN does not run",
            "it is started again within seconds; if not, see `virtctl local logs`",
        )  # fmt: skip
    if facts.programs and all(facts.programs.values()):
        said = f"all {len(facts.programs)} programs of OVN run"
        yield Finding(path.nic, "node br-int", "program", GOOD, said)


def _node_bridge(path: Path, facts: Facts) -> Iterator[Finding]:
    node = facts.scopes.get("node")
    plugin = path.plugin
    bridge, vlan = text(plugin, "bridge"), _number(plugin, "vlan")
    if node is None or not bridge:
        return
    pod = facts.scopes.get("pod")
    outer = pod.link(path.outer) if pod else None
    end = node.other_end(outer) if outer else None
    if end is not None and end.master != bridge:
        said = f"is in {end.master or 'no bridge'} instead of {bridge}"
        remedy = f"`ip link set {end.name} master {bridge}` on the node"
        yield Finding(path.nic, f"node {end.name}", "bridge", BAD, said, remedy)
    if end is not None and vlan and end.pvid != vlan:
        said = f"is in VLAN {end.pvid or 'none'} instead of {vlan}"
        remedy = f"`bridge vlan add dev {end.name} vid {vlan} pvid untagged` on the node"
        yield Finding(path.nic, f"node {end.name}", "vlan", BAD, said, remedy)
    if node.link(bridge) and not any(hop.kind == "uplink" for hop in path.hops):
        yield Finding(
            path.nic, f"node {bridge}", "uplink", UNKNOWN,
            "no network card is in the bridge: it ends at this node",
            "name one in the policy's `bridge.port`, if it shall lead further",
        )  # fmt: skip


def _policies(path: Path) -> Iterator[Finding]:
    for hop in path.hops:
        kept = [rule for rule in hop.rules if "virtctl-policies" in rule]
        if not kept:
            continue
        drops = [rule for rule in kept if " drop" in rule]
        lost = sum(map(_packets, drops))
        named = {rule.partition(' comment "')[2].rstrip('"') for rule in drops} - {""}
        who = f"policies {', '.join(sorted(named))}" if named else "policies"
        said = f"{who} drop what they do not allow: {lost} packets so far"
        yield Finding(
            path.nic, f"{hop.where} {hop.name}", "policy", UNKNOWN, said,
            "`virtctl get networkpolicies,multi-networkpolicies`",
        )  # fmt: skip


def _packets(rule: str) -> int:
    """What a rule's counter says."""
    words = rule.split()
    if "packets" not in words:
        return 0
    return int(words[words.index("packets") + 1])


def _number(document: Document, field: str) -> int:
    value = document.get(field)
    return integer(document, field) if isinstance(value, int) else 0
