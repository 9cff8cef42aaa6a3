"""What policies say about traffic from one pod to another, or to an address, and which ones do.

The same reading of them as ``policies`` has, whose rules the nodes keep: a pod that no policy
selects in a direction is open in it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from virtctl.local.networks import policies
from virtctl.local.networks.policies import Allow, Place, Ports, World
from virtctl.models import documents as doc
from virtctl.models.documents import Document


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """One direction of traffic. ``selecting`` are the policies that select the pod in it.

    With ``everything`` all may pass, else what goes to ``ports``; nothing when there are none.
    """

    direction: str
    pod: str
    selecting: tuple[str, ...]
    everything: bool = False
    ports: tuple[Ports, ...] = ()


def between(world: World, network: str, source: Document, address: str) -> tuple[Verdict, ...]:
    """What policies say about traffic on a network from a pod to an address.

    First of the way out of the pod, then of the way into the pod that has the address, if one has;
    directions in which no policy selects the pod are left out.
    """
    places = policies.places(source)
    if network not in places:
        return ()
    here = places[network]
    there = next(_with_address(world, network, address), None)
    target = there or Place(pod={}, link="", addresses=(address,))
    found = [_verdict(world, network, here, target, inward=False)]
    if there is not None:
        found.append(_verdict(world, network, there, here, inward=True))
    return tuple(one for one in found if one.selecting)


def selecting(world: World, network: str, pod: Document) -> dict[str, tuple[str, ...]]:
    """The policies that select a pod on a network, with the directions that they are about."""
    return {
        _called(one.policy): tuple(sorted(policies.types(one.policy)))
        for one in policies.applying(world, pod, network)
    }


def _verdict(world: World, network: str, own: Place, peer: Place, *, inward: bool) -> Verdict:
    kind = "Ingress" if inward else "Egress"
    names = [name for name, kinds in selecting(world, network, own.pod).items() if kind in kinds]
    guard = policies.guard_of(world, network, own)
    allowed = (guard.ingress if inward else guard.egress) if guard else None
    matching = [one for one in allowed or () if _is_for(one, peer)]
    return Verdict(
        direction=kind,
        pod=_called(own.pod),
        selecting=tuple(names),
        everything=any(not one.ports for one in matching),
        ports=tuple(dict.fromkeys(port for one in matching for port in one.ports)),
    )


def _with_address(world: World, network: str, address: str) -> Iterator[Place]:
    for pod in world.pods:
        place = policies.places(pod).get(network)
        if policies.is_alive(pod) and place is not None and address in place.addresses:
            yield place


def _is_for(allow: Allow, peer: Place) -> bool:
    if allow.any_peer or (peer.mac and peer.mac in allow.macs):
        return True
    return any(
        _holds(block.cidr, address) and not any(_holds(one, address) for one in block.excepts)
        for block in allow.blocks
        for address in peer.addresses
    )


def _holds(cidr: str, address: str) -> bool:
    return ipaddress.ip_address(address) in ipaddress.ip_network(cidr, strict=False)


def _called(document: Document) -> str:
    return f"{doc.namespace_of(document)}/{doc.name_of(document)}"


def words(ports: Iterable[Ports]) -> str:
    """Ports for people."""
    listed = []
    for one in ports:
        last = f"-{one.last}" if one.last > one.first else ""
        listed.append(f"{one.protocol.upper()} {f'{one.first}{last}' if one.first else '(all)'}")
    return ", ".join(listed)
