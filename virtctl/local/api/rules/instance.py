"""Rules of an instance's spec: the whole of domain.md section 14 for VMs and instances alike."""

from __future__ import annotations

from collections.abc import Iterator

from virtctl.errors import Cause
from virtctl.local.api.context import AdmissionContext
from virtctl.local.api.rules import (
    access,
    devices,
    disks,
    firmware,
    lifecycle,
    network,
    processor,
    resourceclaims,
    scheduling,
    volumes,
)
from virtctl.local.api.rules.causes import invalid, not_supported, required
from virtctl.models import documents
from virtctl.models.documents import Document
from virtctl.wire.quantities import quantity_or_none

_RESERVED_LABELS = frozenset(
    f"kubevirt.io/{name}"
    for name in (
        "created-by",
        "migrationJobUID",
        "nodeName",
        "migrationTargetNodeName",
        "schedulable",
        "install-strategy",
    )
)
_GATED_ANNOTATIONS = {
    "kubevirt.io/ignitiondata": ("ExperimentalIgnitionSupport", "ExperimentalIgnitionSupport"),
    "hooks.kubevirt.io/hookSidecars": ("Sidecar", "sidecar"),
}


def instance_causes(document: Document, context: AdmissionContext) -> Iterator[Cause]:
    """What is wrong with a new instance."""
    spec = documents.child(document, "spec")
    yield from template_metadata_causes(document, "metadata", context)
    yield from firmware.architecture_causes(spec, "spec")
    yield from network.retired_causes(spec, "spec")
    yield from spec_causes(spec, "spec", context)
    # KubeVirt looks at the devices of an instance a second time, and names each cause again.
    yield from hardware_causes(spec, "spec", context)
    yield from _memory_causes(spec)
    yield from firmware.enlightenment_causes(spec, "spec")
    yield from devices.architecture_device_causes(spec, "spec")


def _memory_causes(spec: Document) -> Iterator[Cause]:
    """An instance must say how much memory it has, in one way or another."""
    domain = documents.child(spec, "domain")
    memory = documents.child(domain, "memory")
    asked = quantity_or_none(documents.find(domain, "resources", "requests", "memory"))
    if not asked and memory.get("guest") is None and memory.get("hugepages") is None:
        yield required(
            "",
            "no memory requested, at least one of 'spec.domain.memory.guest', "
            "'spec.domain.memory.hugepages.pageSize' or 'spec.domain.resources.requests.memory' "
            "must be set",
        )


def template_metadata_causes(
    holder: Document, path: str, context: AdmissionContext
) -> Iterator[Cause]:
    """What is wrong with an instance's labels and annotations, at ``path``."""
    labels = documents.strings(holder, "metadata", "labels")
    if _RESERVED_LABELS & labels.keys() and not context.system:
        yield not_supported(
            f"{path}.labels",
            "creation of the following reserved kubevirt.io/ labels on a VMI object is prohibited",
        )
    annotations = documents.strings(holder, "metadata", "annotations")
    for name, (gate, shown) in _GATED_ANNOTATIONS.items():
        if annotations.get(name) and not context.has_gate(gate):
            yield invalid(
                f"{path}.annotations",
                f"{shown} feature gate is not enabled in kubevirt-config, invalid entry "
                f"{path}.annotations.{name}",
            )


def spec_causes(spec: Document, path: str, context: AdmissionContext) -> Iterator[Cause]:
    """What is wrong with an instance spec at ``path``, be it an instance's or a template's."""
    yield from hardware_causes(spec, path, context)
    yield from disks.boot_order_causes(spec, path)
    yield from disks.pairing_causes(spec, path, context)
    yield from volumes.volume_causes(spec, path, context)
    yield from volumes.service_account_causes(spec, path)
    yield from processor.processor_causes(spec, path, context)
    yield from firmware.firmware_causes(spec, path, context)
    yield from devices.device_causes(spec, path, context)
    yield from resourceclaims.claim_causes(spec, path, context)
    yield from access.access_causes(spec, path)
    yield from scheduling.scheduling_causes(spec, path)
    yield from lifecycle.lifecycle_causes(spec, path)
    yield from lifecycle.reboot_causes(spec, path, context)
    yield from lifecycle.identity_causes(spec, path)


def hardware_causes(spec: Document, path: str, context: AdmissionContext) -> Iterator[Cause]:
    """What is wrong with disks and interfaces."""
    yield from disks.disk_causes(spec, path)
    yield from volumes.image_path_causes(spec, path)
    yield from network.network_causes(spec, path, context)
    if context.is_create and documents.items(spec, "utilityVolumes"):
        yield invalid(
            f"{path}.utilityVolumes",
            "cannot create VMI with utility volumes in spec, utility volumes can only be added "
            "via hotplug",
        )


def update_causes(document: Document, old: Document) -> Iterator[Cause]:
    """What a user may not change of an instance: its spec and our labels."""
    if documents.child(document, "spec") != documents.child(old, "spec"):
        yield not_supported("", "update of VMI object is restricted")
    before = documents.strings(old, "metadata", "labels")
    after = documents.strings(document, "metadata", "labels")
    if any(before.get(name) != after.get(name) for name in _RESERVED_LABELS):
        yield not_supported(
            "",
            "modification of the following reserved kubevirt.io/ labels on a VMI object is "
            "prohibited",
        )
