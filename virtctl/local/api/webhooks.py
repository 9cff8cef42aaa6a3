"""KubeVirt's webhooks: who defaults and who checks each kind, and under which name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from virtctl.errors import ApiError, Cause, Invalid, StatusDetails
from virtctl.local.api.context import AdmissionContext
from virtctl.local.api.defaults.clones import default_clone
from virtctl.local.api.defaults.devices import Undefaultable
from virtctl.local.api.defaults.hyperconverged import default_hyperconverged
from virtctl.local.api.defaults.instance import default_instance, keep_status
from virtctl.local.api.defaults.machine import default_machine
from virtctl.local.api.defaults.matchers import (
    default_matchers,
    expand_by_policy,
    matcher_causes,
)
from virtctl.local.api.defaults.presets import apply_presets, warn_of_presets
from virtctl.local.api.instancetypes.inference import CannotInfer
from virtctl.local.api.rules import (
    backups,
    clones,
    datavolumes,
    installation,
    instancetypes,
    migrations,
    plugins,
    policies,
    replicas,
    snapshots,
)
from virtctl.local.api.rules.instance import instance_causes, update_causes
from virtctl.local.api.rules.machine import machine_causes
from virtctl.local.api.rules.volumerequests import request_causes
from virtctl.models import kinds
from virtctl.models.documents import Document
from virtctl.models.kinds import Kind

Default = Callable[[Document, AdmissionContext], None]
Check = Callable[[Document, AdmissionContext], Iterator[Cause]]


def _nothing(document: Document, context: AdmissionContext) -> None:
    del document, context


def _no_causes(document: Document, context: AdmissionContext) -> Iterator[Cause]:
    del document, context
    return iter(())


@dataclass(frozen=True)
class Webhook:
    """Admission of one kind. ``mutator`` is empty where nothing is changed.

    ``rewrites``: the mutator gives back the whole spec at create, as Go prints it.
    ``updater`` is the name under which updates are refused, where it is another one. ``decodes``:
    the validator decodes the object before its rules, and ``checks`` the schema itself if it has
    one for the kind (see ``decoding``). ``warns``: the validator warns of what it refuses, too.
    """

    validator: str
    causes: Check
    mutator: str = ""
    default: Default = _nothing
    updater: str = ""
    decodes: bool = False
    checks: bool = False
    rewrites: bool = False
    warns: bool = False

    def name(self, context: AdmissionContext) -> str:
        """The name under which a write is refused."""
        return self.validator if context.is_create else self.updater or self.validator


STATUS_VALIDATOR = "kubevirt-crd-status-validator.kubevirt.io"
_CAUSES_SHOWN = 10
_SIZE = re.compile(r"no more than (\d+) bytes")
_MACHINE_VALIDATOR = "virtualmachine-validator.kubevirt.io"
_MACHINE_MUTATOR = "virtualmachines-mutator.kubevirt.io"
_INSTANCE_MUTATOR = "virtualmachineinstances-mutator.kubevirt.io"


def denied(webhook: str, why: str) -> str:
    """The message of a refusal by ``webhook``, as kube-apiserver passes it on."""
    return f'admission webhook "{webhook}" denied the request: {why}'


def denial(webhook: str, causes: Iterable[Cause]) -> Invalid:
    """The refusal of an admission webhook that names causes, the first few of them.

    A cause that was found twice is told twice, as KubeVirt does.
    """
    found = tuple(
        # KubeVirt is built with an older library than its API server, which counted characters.
        cause._replace(message=_SIZE.sub(r"no more than \1 characters", cause.message))
        for cause in causes
    )
    shown, more = found[:_CAUSES_SHOWN], len(found) - _CAUSES_SHOWN
    messages = [cause.message for cause in shown]
    if more > 0:
        messages.append(f"and {more} more validation errors")
    return Invalid(denied(webhook, ", ".join(messages)), StatusDetails(causes=shown))


def _default_machine(document: Document, context: AdmissionContext) -> None:
    broken = list(matcher_causes(document, context.old))
    if broken:
        raise denial(_MACHINE_MUTATOR, broken)
    try:
        default_matchers(document, context)
    except CannotInfer as error:
        raise ApiError(denied(_MACHINE_MUTATOR, str(error)), code=400, reason="") from error
    expand_by_policy(document, context)
    default_machine(document, context)


def _machine_causes(document: Document, context: AdmissionContext) -> Iterator[Cause]:
    try:
        yield from machine_causes(document, context)
    except Undefaultable as error:
        raise ApiError(denied(_MACHINE_VALIDATOR, str(error)), code=400, reason="") from error


def _default_instance(document: Document, context: AdmissionContext) -> None:
    if context.old is None:
        clashing = apply_presets(document, context)
        if clashing:
            said = ", ".join(cause.message for cause in clashing)
            raise ApiError(denied(_INSTANCE_MUTATOR, said), code=422, reason="")
        try:
            default_instance(document, context)
        except Undefaultable as error:
            raise ApiError(denied(_INSTANCE_MUTATOR, str(error)), code=400, reason="") from error
    elif not context.system:
        keep_status(document, context.old)
    warn_of_presets(document, context)


def _instance_causes(document: Document, context: AdmissionContext) -> Iterator[Cause]:
    if context.old is None:
        return instance_causes(document, context)
    return update_causes(document, context.old)


def _default_migration(document: Document, context: AdmissionContext) -> None:
    if context.is_create:
        migrations.default_migration(document)


WEBHOOKS: Mapping[str, Webhook] = {
    kinds.VIRTUAL_MACHINE.resource: Webhook(
        _MACHINE_VALIDATOR,
        _machine_causes,
        _MACHINE_MUTATOR,
        _default_machine,
        checks=True,
        rewrites=True,
    ),
    kinds.VIRTUAL_MACHINE_INSTANCE.resource: Webhook(
        "virtualmachineinstances-create-validator.kubevirt.io",
        _instance_causes,
        _INSTANCE_MUTATOR,
        _default_instance,
        updater="virtualmachineinstances-update-validator.kubevirt.io",
        checks=True,
        rewrites=True,
    ),
    kinds.MIGRATION.resource: Webhook(
        migrations.VALIDATOR,
        migrations.migration_causes,
        "migrations-mutator.kubevirt.io",
        _default_migration,
        updater="migration-update-validator.kubevirt.io",
        checks=True,
    ),
    kinds.INSTANCE_REPLICA_SET.resource: Webhook(
        "virtualmachinereplicaset-validator.kubevirt.io",
        replicas.replica_set_causes,
        checks=True,
    ),
    kinds.POOL.resource: Webhook(
        "virtualmachinepool-validator.kubevirt.io", replicas.pool_causes, decodes=True
    ),
    kinds.PRESET.resource: Webhook(
        "virtualmachinepreset-validator.kubevirt.io", migrations.preset_causes, checks=True
    ),
    kinds.SNAPSHOT.resource: Webhook(
        "virtualmachinesnapshot-validator.snapshot.kubevirt.io",
        snapshots.snapshot_causes,
        decodes=True,
    ),
    kinds.RESTORE.resource: Webhook(snapshots.RESTORE_VALIDATOR, snapshots.restore_causes),
    kinds.CLONE.resource: Webhook(
        "vm-clone-validator.kubevirt.io", clones.clone_causes, default=default_clone
    ),
    kinds.EXPORT.resource: Webhook(
        "virtualmachineexport-validator.export.kubevirt.io",
        snapshots.export_causes,
        decodes=True,
    ),
    kinds.DATA_VOLUME.resource: Webhook(datavolumes.VALIDATOR, datavolumes.data_volume_causes),
    kinds.BACKUP.resource: Webhook(backups.VALIDATOR, backups.backup_causes, decodes=True),
    kinds.BACKUP_TRACKER.resource: Webhook(backups.TRACKER_VALIDATOR, backups.tracker_causes),
    kinds.MIGRATION_POLICY.resource: Webhook(
        "migration-policy-validator.kubevirt.io", policies.policy_causes
    ),
    kinds.PLUGIN.resource: Webhook(plugins.VALIDATOR, plugins.plugin_causes),
    kinds.INSTANCETYPE.resource: Webhook(
        "virtualmachineinstancetype-validator.instancetype.kubevirt.io",
        instancetypes.instancetype_causes,
        decodes=True,
    ),
    kinds.CLUSTER_INSTANCETYPE.resource: Webhook(
        "virtualmachineclusterinstancetype-validator.instancetype.kubevirt.io",
        instancetypes.instancetype_causes,
        decodes=True,
    ),
    kinds.PREFERENCE.resource: Webhook(
        "virtualmachinepreference-validator.instancetype.kubevirt.io",
        instancetypes.preference_causes,
        decodes=True,
    ),
    kinds.CLUSTER_PREFERENCE.resource: Webhook(
        "virtualmachineclusterpreference-validator.instancetype.kubevirt.io",
        instancetypes.preference_causes,
        decodes=True,
    ),
    kinds.KUBEVIRT.resource: Webhook(
        installation.CREATOR,
        installation.installation_causes,
        updater=installation.UPDATER,
        checks=True,
        warns=True,
    ),
    kinds.HYPERCONVERGED.resource: Webhook(
        "validate-hco.kubevirt.io", _no_causes, default=default_hyperconverged
    ),
}


def check_status(kind: Kind, document: Document, context: AdmissionContext) -> None:
    """Refuse a status that asks for what can't be. Raises ``Invalid``."""
    if kind == kinds.VIRTUAL_MACHINE:
        found = list(request_causes(document, context))
        if found:
            raise denial(STATUS_VALIDATOR, found)


def webhook_of(kind: Kind) -> Webhook | None:
    """The webhook of ``kind``; None where KubeVirt has none."""
    return WEBHOOKS.get(kind.resource)
