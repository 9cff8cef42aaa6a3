"""Rules of snapshots, restores and exports of machines."""

from __future__ import annotations

from collections.abc import Iterator

from virtctl.errors import ApiError, Cause
from virtctl.local.api.context import AdmissionContext
from virtctl.local.api.rules.causes import invalid, not_found, required
from virtctl.models import documents, kinds
from virtctl.models.documents import Document

RESTORE_VALIDATOR = "virtualmachinerestore-validator.snapshot.kubevirt.io"
_KUBEVIRT = "kubevirt.io"
_IMMUTABLE = "spec in immutable after creation"  # the spelling is KubeVirt's
_OWNERSHIP = frozenset({None, "Vm", "None"})
_RESTORE_POLICIES = frozenset({None, "RandomizeNames", "InPlace", "PrefixTargetName"})
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
    """What is wrong with a restore. Raises ``ApiError`` where KubeVirt answers without causes."""
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
    snapshot = context.get(kinds.SNAPSHOT, namespace, _name(name))
    if snapshot is None:
        return
    for patch in documents.items(spec, "patches"):
        yield from _patch_causes(str(patch))
    wanted = _name(documents.text(spec, "target", "name"))
    target = context.get(kinds.VIRTUAL_MACHINE, namespace, wanted)
    source = documents.text(snapshot, "status", "sourceUID")
    if target is not None and source in {"", documents.uid_of(target)}:
        return
    kept = _kept(snapshot, namespace, context)
    domain = documents.child(kept, "spec", "template", "spec", "domain")
    if documents.flag(domain, "devices", "tpm", "persistent") or documents.flag(
        domain, "firmware", "bootloader", "efi", "persistent"
    ):
        problem = (
            "Restore to a different VM is not supported when snapshotted VM has backend storage "
            "(persistent TPM or EFI)"
        )
        yield invalid("spec", problem)


def _refusal(why: str) -> ApiError:
    return ApiError(
        f'admission webhook "{RESTORE_VALIDATOR}" denied the request: {why}', code=400, reason=""
    )


def _name(name: str) -> str:
    """``name``, which is asked for. Raises ``ApiError`` when there is none."""
    if not name:
        raise _refusal("resource name may not be empty")
    return name


def _kept(snapshot: Document, namespace: str, context: AdmissionContext) -> Document:
    """The machine as the snapshot has it. Raises ``ApiError`` while there is no content."""
    name = documents.text(snapshot, "status", "virtualMachineSnapshotContentName")
    if not name:
        raise _refusal("snapshot content name is nil in vmSnapshot status")
    content = context.get(kinds.SNAPSHOT_CONTENT, namespace, name)
    if content is None:
        raise _refusal(f'{kinds.SNAPSHOT_CONTENT.resource} "{name}" not found')
    return documents.child(content, "spec", "source", "virtualMachine")


def _patch_causes(patch: str) -> Iterator[Cause]:
    """Patches are read by their commas and colons, not as JSON: so are they upstream."""
    for pair in patch.strip("{}").split(","):
        key, *values = pair.split(":")
        if len(values) != 1:
            problem = (
                'patch format is not valid - one ":" expected in a single key-value json patch: '
                f"{pair}"
            )
            yield invalid("spec.patches", problem)
        elif key.strip() == '"path"' and not values[0].strip().startswith(_PATCHABLE):
            problem = f"patching is valid only for elements under /spec/ only: {pair}"
            yield invalid("spec.patches", problem)


def _policy_causes(spec: Document) -> Iterator[Cause]:
    for position, override in enumerate(documents.objects(spec, "volumeRestoreOverrides")):
        path = f"spec.volumeRestoreOverrides[{position}]"
        if not override.get("volumeName"):
            yield required(f"{path}.volumeName", "must provide a volume name")
        has_maps = any(override.get(key) is not None for key in ("labels", "annotations"))
        if not (override.get("restoreName") or has_maps):
            yield required(path, "must provide at least one overriden field")

    policy = spec.get("volumeRestorePolicy")
    if policy not in _RESTORE_POLICIES:
        problem = f'volume restore policy "{policy}" doesn\'t exist'
        yield invalid("spec.volumeRestorePolicy", problem)
    policy = spec.get("volumeOwnershipPolicy")
    if policy not in _OWNERSHIP:
        problem = f'volume ownership policy "{policy}" doesn\'t exist'
        yield invalid("spec.volumeOwnershipPolicy", problem)


def _busy_causes(document: Document, context: AdmissionContext) -> Iterator[Cause]:
    target = documents.find(document, "spec", "target")
    for other in context.list(kinds.RESTORE, documents.namespace_of(document)):
        done = documents.flag(other, "status", "complete")
        if documents.find(other, "spec", "target") == target and not done:
            name = documents.name_of(other)
            yield invalid("spec.target", f'VirtualMachineRestore "{name}" in progress')


_EXPORTED = {
    "VirtualMachineSnapshot": ("snapshot.kubevirt.io", "VMSnapshot", "VMSnapshot"),
    "VirtualMachine": (_KUBEVIRT, "VM", "Virtual Machine"),
    "PersistentVolumeClaim": ("", "PVC", "PVC"),
    "VirtualMachineBackup": (
        "backup.kubevirt.io",
        "VirtualMachineBackup",
        "VirtualMachineBackup",
    ),
}
"""By kind its group, and what messages on its group and on its name call it."""


def export_causes(document: Document, context: AdmissionContext) -> Iterator[Cause]:
    """What is wrong with an export."""
    if context.old is not None:
        if _is_changed(document, context.old):
            yield invalid("spec", _IMMUTABLE)
        return
    source = documents.child(document, "spec", "source")
    kind = documents.text(source, "kind")
    if kind not in _EXPORTED:
        yield invalid("spec.source.kind", "invalid kind")
        return
    group, called, named = _EXPORTED[kind]
    if not documents.text(source, "name"):
        yield invalid("spec.source.name", f"{named} name must not be empty")
    if documents.text(source, "apiGroup") != group:
        wanted = group or "missing or blank"
        yield invalid("spec.source.APIGroup", f"{called} API group must be {wanted}")
