"""The NAT between a pod's address and a guest behind masquerade: spec/launcher-network.md §4.2."""

from __future__ import annotations

from launcher.net.attachments import Attachment, GuestNetwork
from launcher.net.model import Chain, Hook, Match, Rule, Table, Verdict
from launcher.spec import Nic, PodOptions, Port

TABLE = "nat"
_FAMILY = {4: "ip", 6: "ip6"}
_LOOPBACK = {4: "127.0.0.1", 6: "::1"}
_PREINBOUND, _POSTINBOUND = "KUBEVIRT_PREINBOUND", "KUBEVIRT_POSTINBOUND"

_MIGRATION_PORTS = ("49152", "49153")
_MESH_PORTS = (
    "15000", "15001", "15004", "15006", "15008", "15009", "15020", "15021", "15053", "15090",
)  # fmt: skip
_MESH_SOURCE = "127.0.0.6"  # what Istio's proxy connects from
_SSH = 22

_Matches = tuple[Match, ...]


def table(nic: Nic, to: Attachment, version: int, options: PodOptions) -> Table:
    """The NAT of one masqueraded NIC for IP version 4 or 6.

    Without declared ports everything that reaches the pod's address goes to the guest, else those
    ports only. What the guest sends leaves with the pod's address. Connections in the pod to
    loopback reach the guest as coming from its gateway. In a mesh the sidecar gets what comes from
    outside, save SSH.
    """
    network = to.ipv4 if version == 4 else to.ipv6
    if network is None:
        raise ValueError(f"the NIC {to.name} has no IPv{version}")
    family = _FAMILY[version]
    masquerade = Rule(matches=(_source(family, network.guest.ip),), verdict=Verdict.MASQUERADE)
    inbound = _inbound(nic, network, options)
    snat = _outbound(nic, network, version, options)
    output = _output(nic, to, network, version, options)
    spared = _spared(nic, version, options)
    return Table(
        family=family,
        name=TABLE,
        chains=(
            Chain(
                name="prerouting",
                hook=_hook("prerouting", -100),
                rules=(_jump("iifname", to.pod_nic, _PREINBOUND),),
            ),
            Chain(name="input", hook=_hook("input", 100)),
            Chain(name="output", hook=_hook("output", -100), rules=(*spared, *output)),
            Chain(
                name="postrouting",
                hook=_hook("postrouting", 100),
                rules=(masquerade, _jump("oifname", to.bridge, _POSTINBOUND)),
            ),
            Chain(name=_PREINBOUND, rules=inbound),
            Chain(name=_POSTINBOUND, rules=(*spared, *snat)),
        ),
    )


def _inbound(nic: Nic, network: GuestNetwork, options: PodOptions) -> tuple[Rule, ...]:
    """What of the outside goes to the guest."""
    if options.mesh:
        ssh = (_dport("tcp", str(_SSH)),)
        # One for each declared port that is or spans SSH's, of whatever protocol, as KubeVirt has.
        times = sum(map(_spans_ssh, nic.ports)) if nic.ports else 1
        return (_dnat(ssh, network),) * times
    return tuple(_dnat(matches, network) for matches in _ports(nic))


def _spans_ssh(port: Port) -> bool:
    return port.port <= _SSH <= (port.last or port.port)


def _outbound(
    nic: Nic, network: GuestNetwork, version: int, options: PodOptions
) -> tuple[Rule, ...]:
    """What connections inside the pod arrive at the guest with: its gateway's address."""
    sources = [_LOOPBACK[version]]
    if options.mesh and version == 4:
        sources.append(_MESH_SOURCE)
    source = Match(field=f"{_FAMILY[version]} saddr", values=tuple(sources))
    return tuple(
        Rule(matches=(*port, source), verdict=Verdict.SNAT, target=network.gateway.ip)
        for port in _ports(nic)
    )


def _output(
    nic: Nic, to: Attachment, network: GuestNetwork, version: int, options: PodOptions
) -> tuple[Rule, ...]:
    """Which connections inside the pod go to the guest."""
    destinations = [_LOOPBACK[version]]
    if options.mesh and version == 4:
        destinations += [address.ip for address in to.addresses if address.version == 4][:1]
    destination = Match(field=f"{_FAMILY[version]} daddr", values=tuple(destinations))
    return tuple(_dnat((destination, *port), network) for port in _ports(nic))


def _spared(nic: Nic, version: int, options: PodOptions) -> tuple[Rule, ...]:
    """Ports of the pod's own processes, which connections inside the pod must still reach."""
    lists: list[tuple[str, ...]] = [_MIGRATION_PORTS] if options.migration_ports else []
    if options.mesh and not nic.ports:
        lists.append(_MESH_PORTS)
    loopback = _source(_FAMILY[version], _LOOPBACK[version])
    return tuple(
        Rule(matches=(_dport("tcp", *ports), loopback), verdict=Verdict.RETURN) for ports in lists
    )


def _ports(nic: Nic) -> list[_Matches]:
    """A condition for each declared port; one that always holds when none is."""
    if not nic.ports:
        return [()]
    return [(_dport((port.protocol or "TCP").lower(), _range(port)),) for port in nic.ports]


def _range(port: Port) -> str:
    # nft writes a range of one as that one.
    return f"{port.port}-{port.last}" if port.last not in {0, port.port} else str(port.port)


def _dnat(matches: _Matches, network: GuestNetwork) -> Rule:
    return Rule(matches=matches, verdict=Verdict.DNAT, target=network.guest.ip)


def _dport(protocol: str, *ports: str) -> Match:
    return Match(field=f"{protocol} dport", values=ports)


def _source(family: str, address: str) -> Match:
    return Match(field=f"{family} saddr", values=(address,))


def _hook(hook: str, priority: int) -> Hook:
    return Hook(kind="nat", hook=hook, priority=priority)


def _jump(field: str, link: str, chain: str) -> Rule:
    return Rule(matches=(Match(field=field, values=(link,)),), verdict=Verdict.JUMP, target=chain)
