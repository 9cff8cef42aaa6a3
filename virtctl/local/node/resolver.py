"""Names of machines and services, for the nodes' name service."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import ip_address

from virtctl.errors import NotFound
from virtctl.local.api.service import ApiService
from virtctl.local.runtime import migrating
from virtctl.local.runtime.podmanifest import CREATED_BY, hostname
from virtctl.models.documents import Document, flag, items, namespace_of, objects, text, uid_of
from virtctl.models.kinds import ENDPOINT_SLICE, POD, SERVICE, VIRTUAL_MACHINE_INSTANCE


class MachineNames:
    """Resolves ``<name>.<namespace>`` and ``<hostname>.<subdomain>.<namespace>``.

    Each may be followed by ``svc`` and ``svc.<cluster domain>``. The answers are a service's
    address, those of the pods behind a headless one, or those by which a machine is reached on the
    pod network.
    """

    def __init__(self, service: ApiService, cluster_domain: str) -> None:
        self._service = service
        self._domain = cluster_domain.lower()

    def resolve(self, name: str) -> tuple[str, ...] | None:
        """Addresses of a name, IPv4 first; () for a machine without any, None for no machine."""
        labels = self._relative(name)
        if len(labels) == 2:
            return self._service_or_machine(*labels)
        if len(labels) == 3:
            return self._in_subdomain(*labels)
        return None

    def _relative(self, name: str) -> list[str]:
        """The labels before ``svc``, or all of a name in no known domain."""
        low = name.lower().rstrip(".")
        low = low.removesuffix(f".{self._domain}").removesuffix(".svc")
        return low.split(".") if low else []

    def _service_or_machine(self, name: str, namespace: str) -> tuple[str, ...] | None:
        """A service has the name where there is one, as in any cluster."""
        try:
            service = self._service.get(SERVICE, namespace, name)
        except NotFound:
            return self._machine(name, namespace)
        if text(service, "spec", "type") == "ExternalName":
            return None
        address = text(service, "spec", "clusterIP")
        if address and address != "None":
            return (address,)
        slices = self._service.list(
            ENDPOINT_SLICE, namespace, labels=f"kubernetes.io/service-name={name}"
        ).items
        return tuple(sorted(_ready_addresses(slices), key=lambda ip: ":" in ip))

    def _machine(self, name: str, namespace: str) -> tuple[str, ...] | None:
        try:
            vmi = self._service.get(VIRTUAL_MACHINE_INSTANCE, namespace, name)
        except NotFound:
            return None
        return self.addresses(vmi)

    def _in_subdomain(self, host: str, subdomain: str, namespace: str) -> tuple[str, ...] | None:
        for vmi in self._service.list(VIRTUAL_MACHINE_INSTANCE, namespace).items:
            if text(vmi, "spec", "subdomain") == subdomain and hostname(vmi) == host:
                return self.addresses(vmi)
        return self._machine(f"{host}.{subdomain}", namespace)  # machines' names may have dots

    def addresses(self, vmi: Document) -> tuple[str, ...]:
        """Addresses by which a machine is reached, IPv4 first.

        While the guest's agent says that its NIC has none yet, the status has none (as upstream);
        the pod's own still lead to the guest.
        """
        found = reported_addresses(vmi)
        if found:
            return found
        selector = f"{CREATED_BY}={uid_of(vmi)}"
        pods = self._service.list(POD, namespace_of(vmi), labels=selector).items
        pod = migrating.guest_pod(vmi, pods) or {}
        ips = [text(one, "ip") for one in objects(pod, "status", "podIPs")]
        return tuple(sorted(ips, key=lambda ip: ":" in ip))


def _ready_addresses(slices: Iterable[Document]) -> Iterator[str]:
    for found in slices:
        for endpoint in objects(found, "endpoints"):
            if flag(endpoint, "conditions", "ready"):
                yield from (ip for ip in items(endpoint, "addresses") if isinstance(ip, str))


def reported_addresses(vmi: Document) -> tuple[str, ...]:
    """Addresses of the VMI's first interface, as its status has them, IPv4 first.

    Link-local ones are left out: they lead nowhere without the name of a link.
    """
    for interface in objects(vmi, "status", "interfaces"):
        found = list(_addresses(interface))
        return tuple(sorted(found, key=lambda address: ":" in address))
    return ()


def _addresses(interface: Document) -> Iterator[str]:
    for address in items(interface, "ipAddresses"):
        if isinstance(address, str) and not ip_address(address).is_link_local:
            yield address
