"""Defaults of a VirtualMachine, filled in at create and update."""

from __future__ import annotations

from collections import Counter

from virtctl.local.api.context import AdmissionContext
from virtctl.local.api.defaults import macpool
from virtctl.models import documents
from virtctl.models.documents import Document

PCI_TOPOLOGY = "kubevirt.io/pci-topology-version"
PCI_TOPOLOGY_VERSION = "v3"


def default_machine(document: Document, context: AdmissionContext) -> None:
    """Fill in a machine's template, in place.

    Firmware identity and the PCI layout are set once, at create, so that a guest never sees
    another machine; architecture and machine type whenever they are missing.
    """
    documents.ensure(document, "spec", "template", "metadata")
    spec = documents.ensure(document, "spec", "template", "spec")
    domain = documents.ensure(spec, "domain")
    documents.ensure(domain, "devices")
    documents.ensure(domain, "resources")
    default_platform(spec, context)
    if context.is_create:
        _identify(domain, context)
        annotate_topology(documents.ensure(document, "spec", "template"), spec)
    assign_addresses(document, context)


def default_platform(spec: Document, context: AdmissionContext) -> None:
    """Set architecture and machine type of an instance spec."""
    if not spec.get("architecture"):
        spec["architecture"] = context.default_architecture
    machine = documents.ensure(spec, "domain", "machine")
    if not machine.get("type"):
        machine["type"] = context.machine_type(documents.text(spec, "architecture"))


def annotate_topology(holder: Document, spec: Document) -> None:
    """Note the layout of PCI slots on ``holder``'s metadata, for machines that have PCIe ports."""
    kind = documents.text(spec, "domain", "machine", "type")
    has_ports = "q35" in kind or kind.startswith("virt")
    if documents.text(spec, "architecture") in {"amd64", "arm64", ""} and has_ports:
        annotations = documents.ensure(holder, "metadata", "annotations")
        annotations.setdefault(PCI_TOPOLOGY, PCI_TOPOLOGY_VERSION)


def _identify(domain: Document, context: AdmissionContext) -> None:
    firmware = documents.ensure(domain, "firmware")
    for field in ("uuid", "serial"):
        if not firmware.get(field):
            firmware[field] = context.new_uuid()


def assign_addresses(document: Document, context: AdmissionContext) -> None:
    """Give every interface without a MAC address one of the pool.

    On update an interface keeps the address that it had, so that applying a manifest which names
    none changes nothing. Instances get none of their own, as kubemacpool has it: theirs come with
    the machine's template, and an instance without a machine has its pod's.
    """
    before = {
        documents.text(interface, "name"): documents.text(interface, "macAddress")
        for interface in macpool.interfaces_of(context.old or {})
    }
    owner = macpool.machine_behind(document)
    kept = Counter(macpool.macs_of(context.old or {}))
    for mac, count in Counter(macpool.macs_of(document)).items():
        if count > kept[mac]:  # who has them is looked up among all machines
            context.macs.claim(mac, owner)
    for interface in macpool.wanting(document):
        name = documents.text(interface, "name")
        address = before.get(name) or context.macs.assign(owner)
        if address:
            interface["macAddress"] = address
