"""Keeps network policies on the nodes: from policies, pods and namespaces to the nodes' rules."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence

import msgspec

from launcher import hostnet
from launcher.errors import HostError, LauncherError
from launcher.hostnet import HostNetwork, HostNode
from virtctl.errors import VirtctlError
from virtctl.local.api.service import ApiService
from virtctl.local.networks import overlays, policies
from virtctl.local.networks.policies import World
from virtctl.local.networks.selections import PRIMARY
from virtctl.local.runtime import events, renewals
from virtctl.local.runtime.changes import Announce
from virtctl.local.runtime.clock import Clock, SystemClock
from virtctl.models.documents import name_of, strings
from virtctl.models.kinds import (
    ATTACHMENT_DEFINITION,
    MULTI_NETWORK_POLICY,
    NAMESPACE,
    NETWORK_POLICY,
    POD,
)

log = logging.getLogger(__name__)

_KINDS = (NETWORK_POLICY, MULTI_NETWORK_POLICY, POD, NAMESPACE)

COMPONENT = "multi-networkpolicy"
_UNKEPT = "NetworkPolicyNotKept"
_CLOCK = SystemClock()

Enforce = Callable[[HostNode, Sequence[hostnet.Guard]], None]
PortOf = Callable[[HostNetwork, str, str, str], str]
EnforceOverlays = Callable[[Sequence[hostnet.Guard]], None]


def _no_overlays(guards: Sequence[hostnet.Guard]) -> None:
    if guards:
        raise HostError("nobody keeps policies of overlay networks")


class PolicyRules:
    """Keeps the rules of all nodes. ``enforce`` puts them into one; it blocks.

    ``port_of`` finds the port of a node's bridge that is a pod's link, from node, pod and link.
    ``overlays`` puts the rules of all nodes' ports of overlay networks into OVN.
    """

    def __init__(
        self,
        service: ApiService,
        network: HostNetwork,
        enforce: Enforce = hostnet.enforce_policies,
        port_of: PortOf = hostnet.bridge_port,
        clock: Clock = _CLOCK,
        overlays: EnforceOverlays = _no_overlays,
    ) -> None:
        self._overlays, self._overlaid = overlays, False
        self._service, self._network, self._clock = service, network, clock
        self._enforce, self._port_of = enforce, port_of
        self._applied: dict[str, tuple[hostnet.Guard, ...]] = {}
        self._unkept: set[tuple[str, str]] = set()

    async def run(self) -> None:
        """Run until cancelled."""
        self._applied.clear()
        await renewals.keep_renewed(self._service, _KINDS, self._renew, "policies")

    async def _renew(self) -> bool:
        """Whether all nodes have the rules of now."""
        world = self._world()
        applied = self._overlaid or any(self._applied.values())
        open_now = not (world.policies or world.multi or applied)
        if open_now and len(self._applied) == len(self._network.nodes):
            return True
        done = True
        for node in self._network.nodes:
            try:
                wanted = self.wanted(world, node.name)
                if self._applied.get(node.name) != wanted:
                    await asyncio.to_thread(self._enforce, node, wanted)
                    self._applied[node.name] = wanted
            except (LauncherError, VirtctlError) as error:
                log.warning("network policies are not kept on %s: %s", node.name, error)
                done = False
        return await self._renew_overlays(world) and done

    async def _renew_overlays(self, world: World) -> bool:
        """Whether OVN has the rules of now."""
        wanted = self.wanted_overlays(world)
        if not wanted and not self._overlaid:
            return True
        try:
            await asyncio.to_thread(self._overlays, wanted)
        except (LauncherError, VirtctlError) as error:
            log.warning("network policies are not kept on overlay networks: %s", error)
            return False
        self._overlaid = bool(wanted)
        return True

    def wanted_overlays(self, world: World) -> tuple[hostnet.Guard, ...]:
        """The links to overlay networks that are not open, by their logical ports."""
        return tuple(
            _of_launcher(guard, overlays.port_name(guard.network, guard.namespace, guard.pod))
            for node in self._network.nodes
            for guard in policies.guards(world, node.name)
            if guard.link != PRIMARY and self._is_overlaid(guard.network)
        )

    def _is_overlaid(self, network: str) -> bool:
        namespace, _, name = network.partition("/")
        found = self._service.find(ATTACHMENT_DEFINITION, namespace, name)
        return found is not None and overlays.is_overlay(found)

    def wanted(self, world: World, node: str) -> tuple[hostnet.Guard, ...]:
        """The links of a node's pods that are not open, as its rules know them."""
        found = []
        for guard in policies.guards(world, node):
            port = ""
            if guard.link != PRIMARY and self._is_overlaid(guard.network):
                continue
            if guard.link != PRIMARY:
                port = self._port_of(self._network, node, guard.pod, guard.link)
            if port or guard.link == PRIMARY:
                found.append(_of_launcher(guard, port))
            elif (guard.name, guard.link) not in self._unkept:
                self._unkept.add((guard.name, guard.link))
                self._tell_unkept(world, guard)
        return tuple(found)

    def _tell_unkept(self, world: World, guard: policies.Guard) -> None:
        """Nobody may believe that a policy is kept which is not."""
        message = (
            f"policies are not kept for {guard.link}: it is no port of a bridge that the plugin "
            "`bridge` has plugged in"
        )
        for pod in world.pods:
            if name_of(pod) == guard.pod:
                said = Announce(about=pod, reason=_UNKEPT, message=message, warning=True)
                events.record(self._service, said, COMPONENT, self._clock.now())

    def _world(self) -> World:
        return World(
            policies=self._service.list(NETWORK_POLICY).items,
            multi=self._service.list(MULTI_NETWORK_POLICY).items,
            pods=self._service.list(POD).items,
            labels={
                name_of(one): strings(one, "metadata", "labels")
                for one in self._service.list(NAMESPACE).items
            },
        )


def _of_launcher(guard: policies.Guard, port: str) -> hostnet.Guard:
    return hostnet.Guard(
        name=guard.name,
        addresses=() if port else guard.addresses,
        port=port,
        ingress=_allowed(guard.ingress),
        egress=_allowed(guard.egress),
        by=guard.by,
    )


def _allowed(allowed: tuple[policies.Allow, ...] | None) -> tuple[hostnet.Allow, ...] | None:
    if allowed is None:
        return None
    return msgspec.convert(allowed, tuple[hostnet.Allow, ...], from_attributes=True)
