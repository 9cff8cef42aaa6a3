"""Rules of migrations and presets."""

from __future__ import annotations

from collections.abc import Iterator

from virtctl.errors import ApiError, Cause
from virtctl.local.api.context import AdmissionContext
from virtctl.local.api.rules import disks, firmware
from virtctl.local.api.rules.causes import invalid, not_supported, required
from virtctl.models import documents, kinds
from virtctl.models.documents import Document

SELECTOR_LABEL = "kubevirt.io/vmi-name"
FINALIZER = "kubevirt.io/migrationJobFinalize"
VALIDATOR = "migration-create-validator.kubevirt.io"
_GATE = "DecentralizedLiveMigration"
_DISKS_STAY = "DisksNotLiveMigratable"
_OVER = frozenset({"Succeeded", "Failed"})


def default_migration(document: Document) -> None:
    """Give a new migration the label that finds it, and the finalizer that lets it end."""
    labels = documents.ensure(document, "metadata", "labels")
    labels[SELECTOR_LABEL] = documents.text(document, "spec", "vmiName")
    finalizers = documents.items(document, "metadata", "finalizers")
    if FINALIZER not in finalizers:
        documents.put(document, [*finalizers, FINALIZER], "metadata", "finalizers")


def migration_causes(document: Document, context: AdmissionContext) -> Iterator[Cause]:
    """What is wrong with a migration. Raises ``ApiError`` where KubeVirt answers without causes."""
    if context.old is not None:
        yield from _change_causes(document, context.old)
        return
    spec = documents.child(document, "spec")
    name = documents.text(spec, "vmiName")
    if not name:
        yield required("spec.vmiName", "vmiName is missing")
        return
    if spec.get("priority") is not None and not context.system:
        problem = "Migration priority queue, only virt-controller is allowed to set priority field"
        yield Cause("FieldValueForbidden", problem, "spec.migrationPriority")
        return
    _check_instance(documents.namespace_of(document), spec, context)
    yield from _elsewhere_causes(spec, context)


def _elsewhere_causes(spec: Document, context: AdmissionContext) -> Iterator[Cause]:
    """Both ends of a migration to or from another cluster; the causes name no field."""
    ends = [spec[end] for end in ("sendTo", "receive") if spec.get(end) is not None]
    if ends and not context.has_gate(_GATE):
        yield not_supported("", f"{_GATE} feature gate is not enabled in kubevirt resource")
        return
    names = [documents.text(end, "migrationID") for end in ends if isinstance(end, dict)]
    if len(set(names)) > 1:
        problem = f"sendTo migrationID {names[0]} does not match receive migrationID {names[1]}"
        yield invalid("", problem)


def _refuse(why: str) -> ApiError:
    return ApiError(
        f'admission webhook "{VALIDATOR}" denied the request: {why}', code=400, reason=""
    )


def _check_instance(namespace: str, spec: Document, context: AdmissionContext) -> None:
    name = documents.text(spec, "vmiName")
    is_elsewhere = any(spec.get(end) is not None for end in ("sendTo", "receive"))
    instance = context.get(kinds.VIRTUAL_MACHINE_INSTANCE, namespace, name)
    if instance is None:
        raise _refuse(f'the VMI "{namespace}/{name}" does not exist')
    if documents.text(instance, "status", "phase") in _OVER:
        raise _refuse("Cannot migrate VMI in finalized state.")
    for condition in documents.objects(instance, "status", "conditions"):
        if condition.get("type") == "LiveMigratable" and condition.get("status") == "False":
            reason, message = condition.get("reason"), condition.get("message")
            if is_elsewhere and reason == _DISKS_STAY:
                continue  # disks are copied to another cluster anyway
            raise _refuse(f"Cannot migrate VMI, Reason: {reason}, Message: {message}")
    for other in context.list(kinds.MIGRATION, namespace):
        same = documents.text(other, "spec", "vmiName") == name
        if same and documents.text(other, "status", "phase") not in _OVER:
            raise _refuse(
                f"in-flight migration detected. Active migration job ({documents.uid_of(other)}) "
                f"is currently already in progress for VMI {name}."
            )


def _change_causes(document: Document, old: Document) -> Iterator[Cause]:
    if documents.find(document, "spec") != documents.find(old, "spec"):
        yield not_supported("", "update of Migration object's spec is restricted")
        return
    before = documents.strings(old, "metadata", "labels").get(SELECTOR_LABEL)
    after = documents.strings(document, "metadata", "labels").get(SELECTOR_LABEL)
    is_over = documents.text(document, "status", "phase") in _OVER
    if before is not None and after != before and not is_over:
        # Go reads no labels at all as nil, which has words of its own.
        has_labels = bool(documents.strings(document, "metadata", "labels"))
        done = "modified on" if has_labels else "removed from"
        yield not_supported("", f"selector label can't be {done} an in-flight migration")


def preset_causes(document: Document, context: AdmissionContext) -> Iterator[Cause]:
    """What is wrong with a preset."""
    del context
    spec = documents.child(document, "spec")
    if spec.get("domain") is None:
        yield required("spec.domain", "missing domain.")
        return
    yield from disks.disk_causes(spec, "spec")
    yield from firmware.boot_causes(spec, "spec")
