"""Defaults of a Service: what kube-apiserver fills in, addresses and node ports included."""

from __future__ import annotations

from collections.abc import Iterator

from virtctl.local.api.context import AdmissionContext
from virtctl.local.networks import serviceips
from virtctl.models import documents
from virtctl.models.documents import Document
from virtctl.models.kinds import NAMESPACE, SERVICE

_OUTSIDE = {"NodePort", "LoadBalancer"}


def default_service(document: Document, context: AdmissionContext) -> None:
    """Fill in a service's spec, in place. What was allocated before stays."""
    spec = documents.ensure(document, "spec")
    spec.setdefault("type", "ClusterIP")
    spec.setdefault("sessionAffinity", "None")
    for port in documents.objects(spec, "ports"):
        port.setdefault("protocol", "TCP")
        port.setdefault("targetPort", port.get("port"))
    if spec["type"] == "ExternalName":
        return
    spec.setdefault("internalTrafficPolicy", "Cluster")
    spec.setdefault("ipFamilyPolicy", "SingleStack")
    spec.setdefault("ipFamilies", ["IPv4"])
    _allocate_address(document, spec, context)
    if spec["type"] in _OUTSIDE:
        spec.setdefault("externalTrafficPolicy", "Cluster")
        _allocate_ports(document, spec, context)
    if spec["type"] == "LoadBalancer":
        spec.setdefault("allocateLoadBalancerNodePorts", True)


def _allocate_address(document: Document, spec: Document, context: AdmissionContext) -> None:
    before = documents.child(context.old or {}, "spec")
    for field in ("clusterIP", "clusterIPs"):
        if not spec.get(field) and before.get(field):
            spec[field] = before[field]
    if not spec.get("clusterIP"):
        used = {documents.text(one, "spec", "clusterIP") for one in _services(context)}
        address = serviceips.allocate(_seed(document), used)
        if address:
            spec["clusterIP"] = address
    if spec.get("clusterIP"):
        spec.setdefault("clusterIPs", [spec["clusterIP"]])


def _allocate_ports(document: Document, spec: Document, context: AdmissionContext) -> None:
    before = {
        _port_key(port): documents.integer(port, "nodePort")
        for port in documents.objects(context.old or {}, "spec", "ports")
    }
    used: set[int] | None = None
    for position, port in enumerate(documents.objects(spec, "ports")):
        if port.get("nodePort"):
            continue
        known = before.get(_port_key(port))
        if not known:
            used = _ports_in_use(context) if used is None else used
            known = serviceips.allocate_port(f"{_seed(document)}/{position}", used)
            used.add(known)
        port["nodePort"] = known


def _seed(document: Document) -> str:
    return f"{documents.namespace_of(document)}/{documents.name_of(document)}"


def _port_key(port: Document) -> tuple[str, int]:
    return documents.text(port, "protocol", default="TCP"), documents.integer(port, "port")


def _ports_in_use(context: AdmissionContext) -> set[int]:
    return {
        documents.integer(port, "nodePort")
        for service in _services(context)
        for port in documents.objects(service, "spec", "ports")
    }


def _services(context: AdmissionContext) -> Iterator[Document]:
    """The services of all namespaces."""
    for namespace in context.stored.list(NAMESPACE, ""):
        yield from context.stored.list(SERVICE, documents.name_of(namespace))
