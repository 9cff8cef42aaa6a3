"""What of a host's network would break an instance, and the remedy for each."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Callable

import msgspec

from launcher.errors import HostError, LauncherError
from launcher.net import addresses, names
from launcher.net.model import Route
from launcher.net.nft import build_ruleset
from launcher.net.nodes import HostNetwork, Uplink, host_table
from launcher.system import cni, namespaces, netlink, nftables, process, sysctls, taps

_LEAST_MTU6 = 1280  # RFC 8200 section 5: a link with less carries no IPv6
_LINES = re.MULTILINE | re.DOTALL
_PLUGINS = ("bridge", "host-local", "portmap")


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing looked at: whether it is well, else what is wrong and what to do about it."""

    name: str
    ok: bool
    problem: str = ""
    remedy: str = ""


def uplink() -> Uplink:
    """The host's default route: its device and MTU, and whether IPv6 can be forwarded.

    IPv6 is not forwarded where the host has its own default route from router advertisements: the
    kernel forgets that route when forwarding is switched on.
    """
    device = next((r.device for r in netlink.routes() if r.destination == "0.0.0.0/0"), "")
    mtu = next((link.mtu for link in netlink.links() if link.name == device), 1500)
    enabled = sysctls.read("net/ipv6/conf/all/disable_ipv6") == "0" and mtu >= _LEAST_MTU6
    return Uplink(device=device, mtu=mtu, ipv6=enabled and not _advertised())


def examine(network: HostNetwork) -> tuple[Finding, ...]:
    """All findings, good ones too, in the order in which they matter."""
    checks: tuple[tuple[str, Callable[[HostNetwork], Finding]], ...] = (
        ("root", _root),
        ("tun", _tun),
        ("links", _links),
        ("nft", _nft),
        ("CNI plugins", _cni_plugins),
        ("addresses", _addresses),
        ("forwarding", _forwarding),
        ("FORWARD", _forward_chains),
        ("IPv6", _ipv6),
    )
    found = []
    for name, check in checks:
        try:
            found.append(check(network))
        except (LauncherError, OSError) as error:
            hint = (error.hint or "") if isinstance(error, LauncherError) else ""
            found.append(Finding(name=name, ok=False, problem=str(error), remedy=hint))
    return tuple(found)


def addresses_taken(network: HostNetwork) -> Finding | None:
    """A route on the host, not ours, that has part of the pod network; None when all is free."""
    ours = names.node_uplink(0, network.suffix).removesuffix("0")
    for route in _routes_beside(ours):
        for cidr in network.cidrs:
            if addresses.overlap(cidr, route.destination):
                return Finding(
                    name="addresses",
                    ok=False,
                    problem=f"the pod network {cidr} meets {route.destination}, "
                    f"which the host routes to `{route.device}`",
                    remedy="choose another pod CIDR, or stop what uses that network",
                )
    return None


def free_cidrs() -> tuple[str, str]:
    """Pod CIDRs, IPv4 and IPv6, that the host has no route to: the usual ones, else others.

    Raises ``HostError`` when all ten of our choices are taken.
    """
    taken = [route.destination for route in _routes_beside("")]
    for number in range(244, 254):
        cidrs = (f"10.{number}.0.0/16", f"fd10:{number}::/48")
        if not any(addresses.overlap(cidr, one) for cidr in cidrs for one in taken):
            return cidrs
    raise HostError("all of 10.244.0.0/16 to 10.253.0.0/16 are in use", "choose a pod CIDR")


def _routes_beside(ours: str) -> list[Route]:
    """The host's routes but the default ones, and those over links whose names begin so."""
    return [
        route
        for route in netlink.routes()
        if not route.is_default and not (ours and route.device.startswith(ours))
    ]


def _root(_: HostNetwork) -> Finding:
    if os.geteuid() == 0:
        return Finding(name="root", ok=True)
    return Finding(name="root", ok=False, problem="not root", remedy="run with sudo")


def _tun(_: HostNetwork) -> Finding:
    try:
        os.close(os.open(taps.DEVICE, os.O_RDWR | os.O_CLOEXEC))
    except OSError as error:
        return Finding(
            name="tun",
            ok=False,
            problem=f"`{taps.DEVICE}` cannot be opened: {error.strerror}",
            remedy="run `modprobe tun`; in a container, pass the device in",
        )
    return Finding(name="tun", ok=True)


def _links(_: HostNetwork) -> Finding:
    """Try it, in a namespace of its own: a module may be missing or be loaded on demand."""
    scratch = f"virtctl-doctor-{secrets.token_hex(3)}"
    made = namespaces.prepare_directory()
    try:
        namespaces.create(scratch)
        with namespaces.in_netns(scratch):
            netlink.add_link("probe0", "bridge")
            netlink.add_link("probe1", "veth", peer="probe2")
            netlink.change_link("probe1", master="probe0")
    finally:
        namespaces.remove(scratch)
        if made:
            namespaces.remove_directory()
    return Finding(name="links", ok=True)


def _nft(network: HostNetwork) -> Finding:
    scratch = f"virtctl-doctor-{secrets.token_hex(3)}"
    made = namespaces.prepare_directory()
    try:
        namespaces.create(scratch)
        with namespaces.in_netns(scratch):
            nftables.apply(build_ruleset(host_table(network)))
    finally:
        namespaces.remove(scratch)
        if made:
            namespaces.remove_directory()
    return Finding(name="nft", ok=True)


def _cni_plugins(_: HostNetwork) -> Finding:
    for plugin in _PLUGINS:
        cni.find(plugin)
    return Finding(name="CNI plugins", ok=True)


def _addresses(network: HostNetwork) -> Finding:
    return addresses_taken(network) or Finding(name="addresses", ok=True)


def _forwarding(_: HostNetwork) -> Finding:
    """Off is well: ``up`` switches it on. Only a kernel that lacks the setting is not."""
    if sysctls.read("net/ipv4/ip_forward") is None:
        raise HostError("the kernel has no `net.ipv4.ip_forward`", "mount /proc")
    return Finding(name="forwarding", ok=True)


def _forward_chains(network: HostNetwork) -> Finding:
    """A chain that drops forwarded packets wins over any other that accepts them."""
    return judge_forwarding(network, process.run(["nft", "list", "ruleset"]).stdout)


def judge_forwarding(network: HostNetwork, text: str) -> Finding:
    """Whether the rules that ``nft list ruleset`` shows let pods' packets through the host."""
    for table, chain, body in _dropping(text):
        family = table.partition(" ")[0]
        versions = {"ip": {4}, "ip6": {6}, "inet": {4, 6}}.get(family, set())
        for cidr in network.cidrs:
            version = 6 if ":" in cidr else 4
            if version in versions and not _accepted(text, body, cidr):
                return Finding(
                    name="FORWARD",
                    ok=False,
                    problem=f"the nft chain `{table} {chain}` drops what pods send and receive",
                    remedy=_accept(table, chain, cidr, docker="DOCKER-USER" in text),
                )
    return Finding(name="FORWARD", ok=True)


def _ipv6(network: HostNetwork) -> Finding:
    if any(":" in cidr for cidr in network.cidrs):
        return Finding(name="IPv6", ok=True)
    remedy = ""
    problem = "IPv6 is switched off on this host; pods have IPv4 only"
    if _advertised():
        problem = "pods have IPv4 only: forwarding IPv6 would cost the host its default route"
        remedy = "set net.ipv6.conf.UPLINK.accept_ra=2 and net.ipv6.conf.all.forwarding=1"
    return Finding(name="IPv6", ok=False, problem=problem, remedy=remedy)


def _advertised() -> bool:
    """Whether the host forwards no IPv6 and has its default route from router advertisements.

    Those routes go to link-local addresses, which nobody configures by hand.
    """
    if sysctls.read("net/ipv6/conf/all/forwarding") == "1":
        return False
    return any(
        route.destination == "::/0"
        and route.gateway.startswith("fe80")
        and sysctls.read(f"net/ipv6/conf/{route.device}/accept_ra") != "2"
        for route in netlink.routes()
    )


def _dropping(text: str) -> list[tuple[str, str, str]]:
    """Table, chain and rules of each chain at the forward hook whose policy is to drop."""
    return [
        (table[1], chain[1], chain[2])
        for table in re.finditer(r"^table (\S+ \S+) \{\n(.*?)^\}", text, _LINES)
        for chain in re.finditer(r"^\tchain (\S+) \{\n(.*?)^\t\}", table[2], _LINES)
        if re.search(r"hook forward priority [^;]+; policy drop;", chain[2])
    ]


def _accepted(text: str, body: str, cidr: str) -> bool:
    """Whether both directions are accepted in the chain itself or in Docker's chain for users."""
    docker = re.search(r"^\tchain DOCKER-USER \{\n(.*?)^\t\}", text, _LINES)
    rules = body + (docker[1] if docker else "")
    return all(re.search(rf"{way} {re.escape(cidr)} .*accept", rules) for way in ("saddr", "daddr"))


def _accept(table: str, chain: str, cidr: str, *, docker: bool) -> str:
    family = table.partition(" ")[0]
    if docker and family in {"ip", "ip6"}:
        program = "ip6tables" if family == "ip6" else "iptables"
        lines = [f"{program} -I DOCKER-USER -{way} {cidr} -j ACCEPT" for way in ("s", "d")]
    else:
        kind = "ip6" if ":" in cidr else "ip"
        lines = [
            f"nft insert rule {table} {chain} {kind} {way} {cidr} accept"
            for way in ("saddr", "daddr")
        ]
    return " && ".join(lines)
