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
    """What is wrong with a new instance.

    KubeVirt looks at the hardware of an instance twice, and names each cause again.
    """
    spec = documents.child(document, "spec")
    yield from network.retired_causes(spec, "spec")
    yield from network.network_causes(spec, "spec", context)
    yield from volumes.image_path_causes(spec, "spec")
    yield from _utility_causes(spec, "spec")
    yield from disks.disk_causes(spec, "spec")
    yield from spec_causes(spec, "spec", context)
    yield from volumes.container_path_causes(spec, "spec")
    yield from _memory_causes(spec)
    yield from template_metadata_causes(document, "metadata", context)
    yield from firmware.enlightenment_causes(spec, "spec")
    yield from firmware.architecture_causes(spec, "spec")
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
    """What is wrong with an instance spec at ``path``, be it an instance's or a template's.

    The order is KubeVirt's: of many causes only the first are told.
    """
    yield from lifecycle.identity_causes(spec, path)
    yield from processor.memory_causes(spec, path, context)
    yield from firmware.machine_type_causes(spec, path, context)
    yield from firmware.acpi_causes(spec, path)
    yield from processor.processor_causes(spec, path)
    yield from lifecycle.start_causes(spec, path)
    yield from processor.realtime_causes(spec, path)
    yield from scheduling.scheduling_causes(spec, path)
    yield from network.network_causes(spec, path, context)
    yield from resourceclaims.claim_causes(spec, path, context)
    yield from disks.pairing_causes(spec, path, context)
    yield from devices.input_causes(spec, path)
    yield from processor.io_thread_causes(spec, path)
    yield from lifecycle.probe_causes(spec, path)
    yield from disks.disk_causes(spec, path)
    yield from firmware.boot_causes(spec, path)
    yield from firmware.secure_boot_causes(spec, path)
    yield from volumes.volume_causes(spec, path, context)
    yield from volumes.image_path_causes(spec, path)
    yield from _utility_causes(spec, path)
    yield from access.access_causes(spec, path)
    yield from lifecycle.resolver_causes(spec, path)
    yield from lifecycle.eviction_causes(spec, path)
    yield from devices.host_device_causes(spec, path, context)
    yield from devices.sound_causes(spec, path)
    yield from firmware.security_causes(spec, path, context)
    yield from _late_causes(spec, path, context)


def _late_causes(spec: Document, path: str, context: AdmissionContext) -> Iterator[Cause]:
    """What KubeVirt looks at last."""
    yield from devices.vsock_causes(spec, path, context)
    yield from disks.reservation_causes(spec, path, context)
    yield from devices.late_device_causes(spec, path, context)
    yield from lifecycle.reboot_causes(spec, path, context)
    yield from processor.overhead_causes(spec, path, context)
    yield from volumes.service_account_causes(spec, path)


def _utility_causes(spec: Document, path: str) -> Iterator[Cause]:
    """Volumes of tools come and go while the guest runs."""
    if documents.items(spec, "utilityVolumes"):
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
