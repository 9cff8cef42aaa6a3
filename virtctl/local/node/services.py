"""Addresses of Services on the nodes: from Services and EndpointSlices to rules in the network."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator
from ipaddress import IPv4Address

from launcher import hostnet
from launcher.errors import LauncherError
from launcher.hostnet import Backend, HostNetwork, HostNode, VirtualService
from virtctl.local.api.service import ApiService
from virtctl.local.networks import serviceips
from virtctl.local.runtime import renewals
from virtctl.models.documents import (
    Document,
    JsonValue,
    flag,
    integer,
    items,
    name_of,
    namespace_of,
    objects,
    strings,
    text,
)
from virtctl.models.kinds import ENDPOINT_SLICE, SERVICE

log = logging.getLogger(__name__)

_SERVICE_NAME = "kubernetes.io/service-name"
_PROTOCOLS = {"tcp", "udp", "sctp"}


class ServiceRules:
    """Keeps the rules of all nodes. ``apply`` puts them into one; it blocks."""

    def __init__(
        self,
        service: ApiService,
        network: HostNetwork,
        apply: Callable[[HostNode, tuple[VirtualService, ...], str], None] = hostnet.serve_services,
    ) -> None:
        self._service = service
        self._network = network
        self._apply = apply
        self._applied: dict[str, tuple[VirtualService, ...]] = {}

    async def run(self) -> None:
        """Run until cancelled."""
        self._applied.clear()
        await renewals.keep_renewed(
            self._service, (SERVICE, ENDPOINT_SLICE), self._renew, "services"
        )

    async def _renew(self) -> bool:
        """Whether all nodes have the rules of now."""
        services = tuple(
            virtual_services(
                self._service.list(SERVICE).items, self._service.list(ENDPOINT_SLICE).items
            )
        )
        done = True
        for node in self._network.nodes:
            if self._applied.get(node.name) == services:
                continue
            try:
                await asyncio.to_thread(self._apply, node, services, serviceips.CIDR)
            except LauncherError as error:
                log.warning("addresses of services do not work on %s: %s", node.name, error)
                done = False
            else:
                self._applied[node.name] = services
        return done


def virtual_services(
    services: Iterable[Document], slices: Iterable[Document]
) -> Iterator[VirtualService]:
    """The ports of all IPv4 addresses of services, with the backends that are ready."""
    behind: dict[tuple[str, str], list[Document]] = {}
    for found in slices:
        name = strings(found, "metadata", "labels").get(_SERVICE_NAME, "")
        behind.setdefault((namespace_of(found), name), []).append(found)
    for service in services:
        address = text(service, "spec", "clusterIP")
        if not serviceips.is_inside(address):
            continue
        near = behind.get((namespace_of(service), name_of(service)), [])
        for port in objects(service, "spec", "ports"):
            protocol = text(port, "protocol", default="TCP").lower()
            if protocol not in _PROTOCOLS:
                continue
            yield VirtualService(
                address=address,
                protocol=protocol,
                port=integer(port, "port"),
                backends=tuple(sorted(set(_backends(port, near)))),
                sticky=text(service, "spec", "sessionAffinity") == "ClientIP",
            )


def _backends(port: Document, slices: Iterable[Document]) -> Iterator[Backend]:
    for found in slices:
        if text(found, "addressType") != "IPv4":
            continue
        for target in objects(found, "ports"):
            if text(target, "name") != text(port, "name"):
                continue
            for endpoint in objects(found, "endpoints"):
                if flag(endpoint, "conditions", "ready", default=True):
                    for address in items(endpoint, "addresses"):
                        # users write slices, too: what is no address or port must not reach nft
                        if _is_address(address) and 0 < integer(target, "port") < 65536:
                            yield Backend(address=str(address), port=integer(target, "port"))


def _is_address(address: JsonValue) -> bool:
    try:
        return isinstance(address, str) and bool(IPv4Address(address))
    except ValueError:
        return False
