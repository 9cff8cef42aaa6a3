"""NICs as reported: what the domain knows, what the pod has, what the guest says.

The rules are virt-handler's (spec/api.md §4.2): NICs are matched by MAC; an address family that
the pod's addresses cover stays as it is, an empty one is filled from the agent, and one for which a
running agent reports nothing is emptied; the guest's own further NICs follow, at most ten.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from launcher.guest.commands import Interface
from launcher.state import NicState

GUEST_ONLY_LIMIT = 10


@dataclass(frozen=True, kw_only=True)
class KnownNic:
    """A NIC of the domain. ``pod_addresses`` are empty unless the pod's reach the guest."""

    name: str
    mac: str
    pod_nic: str = ""
    pod_addresses: tuple[str, ...] = ()
    queues: int = 1
    link_up: bool = True
    primary: bool = False
    masquerade: bool = False


def merge(known: Sequence[KnownNic], reported: Sequence[Interface] | None) -> tuple[NicState, ...]:
    """States of all NICs, the primary one first. ``reported`` is None while no agent runs."""
    ordered = sorted(known, key=lambda nic: not nic.primary)
    if reported is None:
        return tuple(_state(nic) for nic in ordered)
    by_mac = {each.hardware_address.lower(): each for each in reported if each.hardware_address}
    mine = tuple(_matched(nic, by_mac.get(nic.mac.lower())) for nic in ordered)
    macs = {nic.mac.lower() for nic in known}
    others = [
        each for each in reported if each.name != "lo" and each.hardware_address.lower() not in macs
    ]
    return (*mine, *(_guest_only(each) for each in others[:GUEST_ONLY_LIMIT]))


def _state(nic: KnownNic) -> NicState:
    return NicState(
        name=nic.name,
        mac=nic.mac,
        pod_nic=nic.pod_nic,
        addresses=nic.pod_addresses,
        sources=("domain",),
        queues=nic.queues,
        link_up=nic.link_up,
    )


def _matched(nic: KnownNic, reported: Interface | None) -> NicState:
    if reported is None:
        return _state(nic)
    seen = _addresses(reported, link_local=not nic.masquerade)
    return NicState(
        name=nic.name,
        mac=nic.mac,
        pod_nic=nic.pod_nic,
        addresses=(
            *_family(4, nic.pod_addresses, seen),
            *_family(6, nic.pod_addresses, seen),
        ),
        guest_name=reported.name,
        sources=("domain", "guest-agent"),
        queues=nic.queues,
        link_up=nic.link_up,
    )


def _family(version: int, known: Iterable[str], seen: Iterable[str]) -> tuple[str, ...]:
    ours = tuple(each for each in known if ip_address(each).version == version)
    guests = tuple(each for each in seen if ip_address(each).version == version)
    return (ours or guests) if guests else ()


def _guest_only(reported: Interface) -> NicState:
    return NicState(
        mac=reported.hardware_address,
        addresses=_addresses(reported, link_local=True),
        guest_name=reported.name,
        sources=("guest-agent",),
        queues=0,
    )


def _addresses(reported: Interface, *, link_local: bool) -> tuple[str, ...]:
    """Addresses without prefix or zone, IPv4 first."""
    found = [ip_address(each.ip_address.partition("%")[0]) for each in reported.ip_addresses]
    kept = [each for each in found if link_local or not each.is_link_local]
    return tuple(str(each) for each in sorted(kept, key=lambda each: each.version))
