"""Who answers on the way: guests, gateways and targets, by ARP, neighbour discovery and pings.

First what is to be asked, in the words of the API's probes; then what the answers mean.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence

from virtctl.models.documents import flag, integer, text
from virtctl.output.networks.facts import Facts
from virtctl.output.networks.findings import BAD, GOOD, UNKNOWN, Finding
from virtctl.output.networks.path import BRIDGE, MASQUERADE, Path, inside_address

_SMALL = 84
"""Bytes of a usual ping."""


def addresses(path: Path, facts: Facts) -> tuple[str, ...]:
    """The guest's own addresses, as it has them itself: behind masquerade those of the NAT."""
    if path.binding != MASQUERADE:
        return path.guest
    rules = facts.scopes["pod"].rules if "pod" in facts.scopes else ()
    six = (
        rule.rpartition(" dnat to ")[2].strip()
        for rule in rules
        if rule.startswith("ip6 nat") and "KUBEVIRT_PREINBOUND" in rule and " dnat to " in rule
    )
    return tuple(one for one in (inside_address(path, facts), *six) if one)


def probes(path: Path, facts: Facts, target: str = "") -> list[tuple[str, ...]]:
    """What is to be asked on links of the pod: who has an address there.

    What leaves the pod is asked as the guest's MAC, since a bridge may let no other through.
    """
    asked: list[tuple[str, ...]] = []
    for address in addresses(path, facts) if path.binding in {MASQUERADE, BRIDGE} else ():
        asked.append((path.tap, address))
        if path.binding == BRIDGE:
            asked.append((path.outer, address, path.mac))
    pod = facts.scopes.get("pod")
    if path.network == "pod" and path.binding == MASQUERADE and pod:
        asked += [(path.outer, one) for one in (pod.gateway, pod.gateway6) if one]
    if target and path.binding == BRIDGE:
        asked.append((path.outer, target, path.mac))
    return asked


def echoes(path: Path, facts: Facts, target: str = "") -> list[tuple[str, ...]]:
    """Pings, small ones and ones as large as the MTU: of the guest from its pod, and of the target
    in the guest's name, or from the pod where the guest is behind it.

    A bridged guest's pod has no address to ask from but a link-local one of IPv6.
    """
    pod = facts.scopes.get("pod")
    tap, outer = (pod.link(path.tap), pod.link(path.outer)) if pod else (None, None)
    if tap is None or outer is None:
        return []
    asked: list[tuple[str, ...]] = []
    sizes = (str(_SMALL), str(tap.mtu))
    if path.binding == MASQUERADE:
        asked += [(one, size) for one in addresses(path, facts)[:1] for size in sizes]
        if target and path.network == "pod":
            asked += [(target, str(_SMALL)), (target, str(outer.mtu))]
    elif path.binding == BRIDGE:
        here, there = link_local(outer.mac), _guests_link_local(path)
        if here and there and here != there:
            asked += [(there, size, path.tap, outer.mac, here) for size in sizes]
        own = _own(path, target)
        if own:
            asked += [(target, size, path.outer, path.mac, own) for size in sizes]
    return asked


def link_local(mac: str) -> str:
    """The link-local address that belongs to a MAC (RFC 4291, appendix A); empty for none."""
    parts = mac.split(":")
    if len(parts) != 6:
        return ""
    first = f"{int(parts[0], 16) ^ 2:02x}"
    a, b, c, d, e, f = (first, *parts[1:])
    return str(ipaddress.IPv6Address(f"fe80::{a}{b}:{c}ff:fe{d}:{e}{f}"))


def of_guest(path: Path, facts: Facts) -> Iterator[Finding]:
    """Whether the guest answers on its tap, and nobody else on the network does for it."""
    asked = [one for one in addresses(path, facts) if facts.answer(path.tap, one) is not None]
    heard = [one for one in asked if facts.answer(path.tap, one)]
    for address in asked:
        # Of several addresses the guest may have given one up: what counts is that it answers.
        optional = ":" in address and bool(heard)
        yield from _neighbour(path, facts, address, optional=optional)
    yield from _guest_sizes(path, facts)


def _neighbour(path: Path, facts: Facts, address: str, *, optional: bool) -> Iterator[Finding]:
    where, check = f"pod {path.tap}", "nd" if ":" in address else "arp"
    mac = facts.answer(path.tap, address)
    if not mac:
        yield Finding(
            path.nic, where, check, UNKNOWN if optional else BAD,
            f"the guest does not answer for {address}",
            "the guest's NIC has no such address or is down: look with `virtctl console`",
        )  # fmt: skip
    elif mac != path.mac:
        said = f"{mac} answers for {address}, the NIC is {path.mac}"
        yield Finding(path.nic, where, check, BAD, said, "give the guest's NIC its own MAC")
    else:
        yield Finding(path.nic, where, check, GOOD, f"{address} is at {mac}")
    other = facts.answer(path.outer, address) if path.binding == BRIDGE else ""
    if other and other != path.mac:
        yield Finding(
            path.nic, f"pod {path.outer}", "duplicate", BAD,
            f"{other} on the network has {address} too",
            "give one of the two another address",
        )  # fmt: skip


def of_gateways(path: Path, facts: Facts) -> Iterator[Finding]:
    """Whether the next hops of the pod's default routes are there."""
    pod = facts.scopes.get("pod")
    for gateway in (pod.gateway, pod.gateway6) if pod else ():
        mac = facts.answer(path.outer, gateway) if gateway else None
        where = f"pod {path.outer}"
        if mac:
            yield Finding(path.nic, where, "gateway", GOOD, f"{gateway} is at {mac}")
        elif mac is not None:
            yield Finding(
                path.nic, where, "gateway", BAD, f"the gateway {gateway} does not answer",
                "look at the node's bridge: `virtctl local doctor`",
            )  # fmt: skip


def _guest_sizes(path: Path, facts: Facts) -> Iterator[Finding]:
    link = path.tap if path.binding == BRIDGE else ""
    if path.binding == MASQUERADE:
        asked = addresses(path, facts)[:1]
    else:
        asked = (_guests_link_local(path),)
    answered = _answered(facts, asked, link)
    if not answered:
        return
    largest, where = max(answered), f"pod {path.tap}"
    if answered[largest]:
        said = f"a ping of {largest} bytes comes back"
        yield Finding(path.nic, where, "size", GOOD, said)
    elif any(answered.values()):
        said = f"a small ping comes back, one of {largest} bytes does not"
        remedy = f"set the MTU in the guest to {largest}, or ask it for its own by `ip link`"
        yield Finding(path.nic, where, "size", BAD, said, remedy)
    else:
        yield Finding(path.nic, where, "size", UNKNOWN, "the guest answers no pings")


def of_target(found: Sequence[Path], facts: Facts, target: str) -> Iterator[Finding]:
    """Whether somebody has the target's address on one of the networks that guests are part of,
    and whether packets as large as the MTU get there and back.
    """
    bridged = [path for path in found if facts.answer(path.outer, target) is not None]
    for path in bridged:
        mac = facts.answer(path.outer, target)
        if mac:
            yield Finding(path.nic, "wire", "target", GOOD, f"{target} answers: {mac}")
            yield from _target_sizes(path.nic, target, _answered(facts, (target,), path.outer))
            return
    routed = _answered(facts, (target,), "")
    if any(routed.values()):
        yield from _target_sizes("", target, routed)
        return
    if not bridged:
        said = f"only the guest itself can ask for {target}, behind the pod network's gateway"
        if routed:
            said = f"{target} answers the pod no pings; {said}"
        yield Finding("", "wire", "target", UNKNOWN, said, "virtctl exec VM -- ping")
        return
    networks = ", ".join(path.network for path in bridged)
    yield Finding(
        "", "wire", "target", BAD, f"nobody answers for {target} on {networks}",
        "is it in the same VLAN? for what lies behind a router, name the router's address",
    )  # fmt: skip


def _target_sizes(nic: str, target: str, answered: dict[int, bool]) -> Iterator[Finding]:
    if not answered:
        return
    largest, smallest = max(answered), min(answered)
    if answered[largest]:
        said = f"{target} answers a ping of {largest} bytes"
        yield Finding(nic, "wire", "target size", GOOD, said)
    elif answered[smallest]:
        said = f"{target} answers a small ping, but none of {largest} bytes"
        remedy = f"give both networks' links the MTU of the way, which is less than {largest}"
        yield Finding(nic, "wire", "target size", BAD, said, remedy)
    else:
        said = f"{target} is there, but answers no ping of the guest's address"
        remedy = "policies, or its own firewall, may drop it: see `policy`"
        yield Finding(nic, "wire", "target size", UNKNOWN, said, remedy)


def _answered(facts: Facts, asked: Sequence[str], link: str) -> dict[int, bool]:
    """By size, whether pings of one of the addresses came back."""
    return {
        integer(one, "bytes"): flag(one, "answered")
        for one in facts.echoes
        if text(one, "address") in asked and text(one, "link") == link
    }


def _guests_link_local(path: Path) -> str:
    known = [one for one in path.guest if one.startswith("fe80")]
    return known[0] if known else link_local(path.mac)


def _own(path: Path, target: str) -> str:
    """The guest's address from which it would ask for a target."""
    if not target:
        return ""
    same = [one for one in path.guest if (":" in one) == (":" in target)]
    local = target.startswith("fe80")
    return next((one for one in same if one.startswith("fe80") == local), "")
