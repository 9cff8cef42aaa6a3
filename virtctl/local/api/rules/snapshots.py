"""Rules of snapshots, restores and exports of machines."""

from __future__ import annotations

from collections.abc import Iterator

from virtctl.errors import Cause
from virtctl.local.api.context import AdmissionContext
from virtctl.local.api.rules.causes import invalid, not_found, required
from virtctl.models import documents, kinds
from virtctl.models.documents import Document

_KUBEVIRT = "kubevirt.io"
_IMMUTABLE = "spec in immutable after creation"  # the spelling is KubeVirt's
_OWNERSHIP = frozenset({"", "Vm", "None"})
_RESTORE_POLICIES = frozenset({"", "RandomizeNames", "InPlace", "PrefixTargetName"})
_PATCHABLE = ('"/spec/', '"/metadata/labels/', '"/metadata/annotations/')


def _is_changed(document: Document, old: Document) -> bool:
    return documents.find(document, "spec") != documents.find(old, "spec")


def snapshot_causes(document: Document, context: AdmissionContext) -> Iterator[Cause]:
    """What is wrong with a snapshot."""
    if context.old is not None:
        if _is_changed(document, context.old):
            yield invalid("spec", _IMMUTABLE)
        return
    yield from _machine_causes(document, "source")


def _machine_causes(document: Document, field: str) -> Iterator[Cause]:
    """``spec.source`` or ``spec.target`` must be a machine."""
    path = f"spec.{field}"
    reference = documents.child(document, "spec", field)
    group = reference.get("apiGroup")
    if group is None:
        yield not_found(f"{path}.apiGroup", "missing apiGroup")
    elif group != _KUBEVIRT:
        yield invalid(f"{path}.apiGroup", "invalid apiGroup")
    elif documents.text(reference, "kind") != "VirtualMachine":
        yield invalid(f"{path}.kind", "invalid kind")


def restore_causes(document: Document, context: AdmissionContext) -> Iterator[Cause]:
    """What is wrong with a restore."""
    if context.old is not None:
        if _is_changed(document, context.old):
            yield invalid("spec", _IMMUTABLE)
        return
    wrong = list(_machine_causes(document, "target"))
    yield from wrong
    if not wrong:
        yield from _target_causes(document, context)
        yield from _policy_causes(documents.child(document, "spec"))
    yield from _busy_causes(document, context)


def _target_causes(document: Document, context: AdmissionContext) -> Iterator[Cause]:
    """Patches, and what another machine cannot take over; both only once the snapshot is there."""
    spec, namespace = documents.child(document, "spec"), documents.namespace_of(document)
    name = documents.text(spec, "virtualMachineSnapshotName")
    snapshot = context.get(kinds.SNAPSHOT, namespace, name)
    if snapshot is None:
        return
    for patch in documents.items(spec, "patches"):
        yield from _patch_causes(str(patch))
    target = context.get(kinds.VIRTUAL_MACHINE, namespace, documents.text(spec, "target", "name"))
    source = documents.text(snapshot, "status", "sourceUID")
    if target is not None and source in {"", documents.uid_of(target)}:
        return
    content = context.get(
        kinds.SNAPSHOT_CONTENT,
        namespace,
        documents.text(snapshot, "status", "virtualMachineSnapshotContentName"),
    )
    kept = documents.child(content or {}, "spec", "source", "virtualMachine")
    domain = documents.child(kept, "spec", "template", "spec", "domain")
    if documents.flag(domain, "devices", "tpm", "persistent") or documents.flag(
        domain, "firmware", "bootloader", "efi", "persistent"
    ):
        problem = (
            "Restore to a different VM is not supported when snapshotted VM has backend storage "
            "(persistent TPM or EFI)"
        )
        yield invalid("spec", problem)


def _patch_causes(patch: str) -> Iterator[Cause]:
    """Patches are read by their commas and colons, not as JSON: so are they upstream."""
    for pair in patch.strip("{}").split(","):
        key, *values = pair.split(":")
        if len(values) != 1:
            problem = f'patch format is not valid - one ":" expected in a single pair: {pair}'
            yield invalid("spec.patches", problem)
        elif key.strip() == '"path"' and not values[0].strip().startswith(_PATCHABLE):
            problem = f"patching is valid only for elements under /spec/ only: {pair}"
            yield invalid("spec.patches", problem)


def _policy_causes(spec: Document) -> Iterator[Cause]:
    policy = documents.text(spec, "volumeRestorePolicy")
    if policy not in _RESTORE_POLICIES:
        problem = f'volume restore policy "{policy}" doesn\'t exist'
        yield invalid("spec.volumeRestorePolicy", problem)
    policy = documents.text(spec, "volumeOwnershipPolicy")
    if policy not in _OWNERSHIP:
        problem = f'volume ownership policy "{policy}" doesn\'t exist'
        yield invalid("spec.volumeOwnershipPolicy", problem)
    for position, override in enumerate(documents.objects(spec, "volumeRestoreOverrides")):
        path = f"spec.volumeRestoreOverrides[{position}]"
        if not override.get("volumeName"):
            yield required(f"{path}.volumeName", "must provide a volume name")
        has_maps = any(override.get(key) is not None for key in ("labels", "annotations"))
        if not (override.get("restoreName") or has_maps):
            yield required(path, "must provide at least one overriden field")


def _busy_causes(document: Document, context: AdmissionContext) -> Iterator[Cause]:
    target = documents.find(document, "spec", "target")
    for other in context.list(kinds.RESTORE, documents.namespace_of(document)):
        done = documents.flag(other, "status", "complete")
        if documents.find(other, "spec", "target") == target and not done:
            name = documents.name_of(other)
            yield invalid("spec.target", f'VirtualMachineRestore "{name}" in progress')


_EXPORT_GROUPS = {
    "VirtualMachineSnapshot": ("snapshot.kubevirt.io", "VMSnapshot"),
    "VirtualMachine": (_KUBEVIRT, "VM"),
    "PersistentVolumeClaim": ("", "PVC"),
    "VirtualMachineBackup": ("backup.kubevirt.io", "VMBackup"),
}


def export_causes(document: Document, context: AdmissionContext) -> Iterator[Cause]:
    """What is wrong with an export."""
    if context.old is not None:
        if _is_changed(document, context.old):
            yield invalid("spec", _IMMUTABLE)
        return
    source = documents.child(document, "spec", "source")
    kind = documents.text(source, "kind")
    if kind not in _EXPORT_GROUPS:
        yield invalid("spec.source.kind", "invalid kind")
        return
    group, called = _EXPORT_GROUPS[kind]
    if documents.text(source, "apiGroup") != group:
        problem = (
            f"{called} API group must be {group}" if group else f"{called} API group must be empty"
        )
        yield invalid("spec.source.APIGroup", problem)
    if not documents.text(source, "name"):
        yield invalid("spec.source.name", f"{called} name must not be empty")
