"""What works of a node's network before a policy must work after it: kubernetes-nmstate's probes.

Each is looked for at first, and is left out when it does not work then.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from launcher.nmstate.merge import Goal
from launcher.nmstate.names import MAIN
from launcher.system import echoes, lookups, nodeobserve
from launcher.system.nodeobserve import NodePlace

Probe = Callable[[float], str]
"""Looks for so many seconds whether something still works; what is wrong, or nothing."""

_WORKS_SECONDS = 1.0
_EVERYWHERE = ("0.0.0.0/0", "::/0")


def select(place: NodePlace, goal: Goal) -> tuple[Probe, ...]:
    """The probes of what works now: the way out, and names when they are to be changed."""
    way_out = next((each for each in _EVERYWHERE if gateway(place, each)), _EVERYWHERE[0])
    candidates: list[Probe] = [Gateway(place, way_out)]
    if goal.resolver is not None and goal.resolver.server:
        candidates.append(Names(place))
    return tuple(probe for probe in candidates if not probe(_WORKS_SECONDS))


@dataclass(frozen=True)
class Gateway:
    """Asks the node's default gateway of now, for ``everywhere`` of one family.

    A gateway of the other family does not make up for one that is lost.
    """

    place: NodePlace
    everywhere: str

    def __call__(self, seconds: float) -> str:
        found = gateway(self.place, self.everywhere)
        if found is None:
            return "there is no default gateway any more"
        address, link = found
        target = f"{address}%{link}" if address.startswith("fe80:") else address
        if echoes.answers(target, self.place.netns, seconds):
            return ""
        return f"the default gateway {address} does not answer any more"


@dataclass(frozen=True)
class Names:
    """Asks the name servers of the node, from the host, as its name service does."""

    place: NodePlace

    def __call__(self, seconds: float) -> str:
        servers = nodeobserve.read_kept(self.place).servers or lookups.servers()
        if lookups.answers(servers, seconds):
            return ""
        return f"of the name servers {', '.join(servers) or '(there is none)'} none answers"


def gateway(place: NodePlace, everywhere: str) -> tuple[str, int] | None:
    """The gateway of the default route that is used, and the index of its link."""
    found = [
        route
        for route in nodeobserve.observe(place).routes
        if route.destination == everywhere and route.gateway and route.table == MAIN
    ]
    if not found:
        return None
    best = min(found, key=lambda each: each.metric)
    return best.gateway, best.index
