"""Pods' links to OVN-Kubernetes' secondary networks: what ``ovn-k8s-cni-overlay`` makes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, Protocol, TypeVar

from launcher import overlays as door
from launcher.errors import HostError
from launcher.hostnet import HostNetwork, LinkAsk, LinkMade
from launcher.overlays import Overlay, OverlayAsk, OverlayLink
from virtctl.errors import VirtctlError
from virtctl.local.api.service import ApiService
from virtctl.local.networks import linknames, overlays, selections
from virtctl.local.networks.overlays import OverlayNetwork
from virtctl.local.node.books import KUBELET, Books
from virtctl.local.runtime import reconcile
from virtctl.local.runtime.changes import Create, patch, status_patch
from virtctl.local.runtime.clock import Clock
from virtctl.local.runtime.owners import controller_of, controller_reference, is_deleting
from virtctl.models import documents as doc
from virtctl.models.documents import Document, JsonValue, name_of, namespace_of
from virtctl.models.kinds import IPAM_CLAIM, POD, VIRTUAL_MACHINE

P = ParamSpec("P")
R = TypeVar("R")

TYPE = "ovn-k8s-cni-overlay"


class Ovn(Protocol):
    """The overlay networks of an instance; all of it blocks and raises ``LauncherError``."""

    def ensure_network(self, wanted: Overlay) -> None:
        """Make a network, or change it."""

    def remove_network(self, switch: str) -> bool:
        """Remove a network; whether it was there."""

    def switches(self) -> dict[str, dict[str, str]]:
        """The networks that there are, with their external ids."""

    def add(self, node: str, ask: OverlayAsk) -> OverlayLink:
        """Put a pod on a network."""

    def check(self, node: str, port: str) -> None:
        """Raise when a pod is not on its network."""

    def delete(self, node: str, port: str, *, netns: str, ifname: str) -> None:
        """Take a pod off a network."""

    def revive(self) -> tuple[str, ...] | None:
        """Start what does not run; what it was, and None when there are no overlay networks."""


class LocalOvn:
    """``Ovn`` of this instance."""

    def __init__(self, network: HostNetwork) -> None:
        self._network = network

    def ensure_network(self, wanted: Overlay) -> None:
        door.ensure_network(self._network, wanted)

    def remove_network(self, switch: str) -> bool:
        return door.remove_network(self._network, switch)

    def switches(self) -> dict[str, dict[str, str]]:
        return door.switches(self._network)

    def add(self, node: str, ask: OverlayAsk) -> OverlayLink:
        return door.add(self._network, node, ask)

    def check(self, node: str, port: str) -> None:
        door.check(self._network, node, port)

    def delete(self, node: str, port: str, *, netns: str, ifname: str) -> None:
        door.delete(self._network, node, port, netns=netns, ifname=ifname)

    def revive(self) -> tuple[str, ...] | None:
        return door.revive(self._network)

    def enforce(self, guards: Sequence[door.Guard]) -> None:
        """Let pass what policies allow to logical ports; all others are open."""
        door.enforce(self._network, guards)


class OverlayAttacher:
    """``attachers.Attacher`` for one node's pods."""

    def __init__(self, service: ApiService, ovn: Ovn, node: str, clock: Clock) -> None:
        self._service, self._ovn, self._node, self._clock = service, ovn, node, clock
        self._books = Books(service, clock, node, ())
        self._threads = ThreadPoolExecutor(4, thread_name_prefix=f"overlays of {node}")

    async def add(self, pod: Document, nad: Document, interface: str, request: LinkAsk) -> LinkMade:
        """Put a pod on the network of a definition."""
        network = _read(nad)
        _check_once(pod, interface, request)
        addresses = _asked(pod, network, request)
        claim = self._claim(pod, network, interface)
        if claim is not None and not addresses:
            addresses = tuple(str(one) for one in doc.items(claim, "status", "ips"))
        ask = OverlayAsk(
            network=overlay_of(network),
            port=_port(request),
            netns=request.netns,
            ifname=interface,
            sandbox=request.container,
            mtu=network.mtu,
            version=request.arguments.get("K8S_POD_UID", ""),
            mac=request.arguments.get("MAC", ""),
            addresses=addresses,
            reserved=self._reserved(network, claim),
            external=network.port_marks(namespace_of(pod)),
            marks=network.interface_marks,
        )
        made = await self._call(self._ovn.add, self._node, ask)
        if claim is not None:
            self._keep(claim, pod, made.addresses)
            self._refer(pod, interface, name_of(claim))
        self._note(pod, lambda known: overlays.with_entry(known, network, made.mac, made.addresses))
        return LinkMade(
            result=_result(made, request), mac=made.mac, mtu=network.mtu, notes=made.notes
        )

    async def check(self, request: LinkAsk) -> None:
        """Raise when the pod is not on its network."""
        await self._call(self._ovn.check, self._node, _port(request))

    async def delete(self, request: LinkAsk) -> None:
        """Take the pod off its network."""
        link = {"netns": request.netns, "ifname": request.ifname}
        await self._call(self._ovn.delete, self._node, _port(request), **link)
        namespace = request.arguments.get("K8S_POD_NAMESPACE", "")
        pod = self._service.find(POD, namespace, request.netns)
        if pod is not None and not is_deleting(pod):
            self._note(pod, lambda known: overlays.without_entry(known, request.network))

    async def _call(self, work: Callable[P, R], *arguments: P.args, **words: P.kwargs) -> R:
        return await asyncio.get_running_loop().run_in_executor(
            self._threads, partial(work, *arguments, **words)
        )

    # --- addresses that a machine keeps ------------------------------------------------------

    def _claim(self, pod: Document, network: OverlayNetwork, interface: str) -> Document | None:
        """The claim of the pod's machine for its addresses; made when it is not there."""
        if not network.persistent or not network.subnets:
            return None
        if asked := _asked_claim(pod, interface):
            known = self._service.find(IPAM_CLAIM, namespace_of(pod), asked)
            if known is not None:
                return known
        instance = self._books.owner(pod)
        reference = controller_of(instance) if instance is not None else None
        if instance is None or reference is None:
            return None
        machine = self._service.find(
            VIRTUAL_MACHINE, namespace_of(pod), doc.text(reference, "name")
        )
        logical = _logical_network(instance, interface)
        if machine is None or not logical:
            return None
        name = f"{name_of(machine)}.{logical}"
        known = self._service.find(IPAM_CLAIM, namespace_of(pod), name)
        if known is None:
            owners: list[JsonValue] = [controller_reference(VIRTUAL_MACHINE, machine)]
            document: Document = {
                "metadata": {
                    "name": name,
                    "namespace": namespace_of(pod),
                    "labels": {"kubevirt.io/vm": name_of(machine)},
                    "ownerReferences": owners,
                },
                "spec": {"network": network.name, "interface": interface},
            }
            self._carry_out(Create(kind=IPAM_CLAIM, document=document))
            known = self._service.find(IPAM_CLAIM, namespace_of(pod), name)
        return known

    def _reserved(self, network: OverlayNetwork, own: Document | None) -> tuple[str, ...]:
        """Addresses that other machines keep on a network."""
        return tuple(
            str(address)
            for claim in self._service.list(IPAM_CLAIM).items
            if doc.text(claim, "spec", "network") == network.name
            and (own is None or doc.uid_of(claim) != doc.uid_of(own))
            for address in doc.items(claim, "status", "ips")
        )

    def _keep(self, claim: Document, pod: Document, addresses: tuple[str, ...]) -> None:
        listed: list[JsonValue] = [*addresses]
        status: Document = {"ips": listed, "ownerPod": {"name": name_of(pod)}}
        for change in status_patch(IPAM_CLAIM, claim, status):
            self._carry_out(change)

    def _refer(self, pod: Document, interface: str, claim: str) -> None:
        """Name the claim where the pod asks for its link, as OVN-Kubernetes reads it."""
        known = self._service.find(POD, namespace_of(pod), name_of(pod))
        if known is None:
            return
        before = doc.strings(known, "metadata", "annotations").get(selections.NETWORKS, "")
        text = selections.with_claims(before, {interface: claim})
        if _asked_claim(known, interface) != claim:
            notes: Document = {selections.NETWORKS: text}
            self._carry_out(patch(POD, known, {"metadata": {"annotations": notes}}))

    def _note(self, pod: Document, change: Callable[[str], str]) -> None:
        """Change what the pod's annotation says of its networks."""
        known = self._service.find(POD, namespace_of(pod), name_of(pod))
        if known is None:
            return
        before = doc.strings(known, "metadata", "annotations").get(overlays.POD_NETWORKS, "")
        text = change(before)
        if text not in {before, before or "{}"}:
            notes: Document = {overlays.POD_NETWORKS: text}
            self._carry_out(patch(POD, known, {"metadata": {"annotations": notes}}))

    def _carry_out(self, change: reconcile.Doable) -> None:
        reconcile.carry_out(self._service, change, KUBELET, self._clock.now(), host=self._node)


def overlay_of(network: OverlayNetwork) -> Overlay:
    """A network as OVN gets it."""
    localnet = None
    if network.localnet_port:
        localnet = door.Localnet(
            port=network.localnet_port, network=network.physical, tag=network.vlan
        )
    return Overlay(
        switch=network.switch,
        external=network.marks,
        subnets=network.subnets,
        excluded=network.excluded,
        localnet=localnet,
    )


def _read(nad: Document) -> OverlayNetwork:
    try:
        return overlays.read(nad)
    except VirtctlError as error:
        raise HostError(str(error), error.hint) from error


def _port(request: LinkAsk) -> str:
    namespace = request.arguments.get("K8S_POD_NAMESPACE", "")
    return overlays.port_name(request.network, namespace, request.netns)


def _check_once(pod: Document, interface: str, request: LinkAsk) -> None:
    """Raise when the pod has another link to the same definition: its port is named after that."""
    asked = doc.strings(pod, "metadata", "annotations").get(selections.NETWORKS, "")
    for one in selections.parse(asked, namespace_of(pod)):
        if one.network == request.network and one.interface != interface:
            raise HostError(
                f"the pod is on {request.network} by {one.interface} already: a pod can be on an "
                "overlay network once",
                "make another NetworkAttachmentDefinition of the same network",
            )
        if one.interface == interface:
            return


def _asked_claim(pod: Document, interface: str) -> str:
    """The claim that the pod names for a link."""
    asked = doc.strings(pod, "metadata", "annotations").get(selections.NETWORKS, "")
    found = selections.parse(asked, namespace_of(pod))
    return next((one.claim for one in found if one.interface == interface), "")


def _asked(pod: Document, network: OverlayNetwork, request: LinkAsk) -> tuple[str, ...]:
    """Addresses that the pod's annotation asks for."""
    given = request.capabilities.get("ips")
    listed = tuple(str(one) for one in given) if isinstance(given, list) else ()
    if listed and network.subnets:
        raise HostError(
            "cannot allocate a static IP request with IPAM for pod "
            f"{namespace_of(pod)}/{name_of(pod)}"
        )
    return listed


def _logical_network(instance: Document, interface: str) -> str:
    """What a machine calls the network of a pod's link."""
    for network in doc.objects(instance, "spec", "networks"):
        if linknames.secondary_link(doc.text(network, "name")) == interface:
            return doc.text(network, "name")
    return ""


def _result(made: OverlayLink, request: LinkAsk) -> dict[str, object]:
    """The CNI's result."""
    return {
        "cniVersion": str(request.conflist.get("cniVersion") or "0.3.1"),
        "interfaces": [
            {"name": made.host},
            {"name": request.ifname, "mac": made.mac, "sandbox": f"/run/netns/{request.netns}"},
        ],
        "ips": [{"address": address, "interface": 1} for address in made.addresses],
        "dns": {},
    }
