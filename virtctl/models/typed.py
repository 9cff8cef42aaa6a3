"""Which Struct an object of a kind is; imported on use, because the models are many."""

from __future__ import annotations

import importlib
from functools import cache

from virtctl.models import kinds
from virtctl.models.base import Model
from virtctl.models.kinds import Kind

_HOMES = {
    "core": (
        kinds.NAMESPACE,
        kinds.EVENT,
        kinds.SECRET,
        kinds.CONFIG_MAP,
        kinds.SERVICE_ACCOUNT,
        kinds.CONTROLLER_REVISION,
    ),
    "pods": (kinds.POD,),
    "services": (kinds.SERVICE, kinds.ENDPOINTS, kinds.ENDPOINT_SLICE),
    "storage": (kinds.PVC, kinds.PV, kinds.STORAGE_CLASS),
    "nodes": (kinds.NODE, kinds.LEASE),
    "autoscaling": (kinds.AUTOSCALER,),
    "workloads": (
        kinds.DEPLOYMENT,
        kinds.REPLICA_SET,
        kinds.DAEMON_SET,
        kinds.STATEFUL_SET,
        kinds.REPLICATION_CONTROLLER,
        kinds.JOB,
        kinds.CRON_JOB,
        kinds.INGRESS,
        kinds.DISRUPTION_BUDGET,
        kinds.PRIORITY_CLASS,
    ),
    "quota": (kinds.RESOURCE_QUOTA, kinds.LIMIT_RANGE),
    "deviceclaims": (kinds.RESOURCE_CLAIM, kinds.RESOURCE_CLAIM_TEMPLATE, kinds.DEVICE_CLASS),
    "runtimes": (kinds.RUNTIME_CLASS,),
    "access": (
        kinds.ROLE,
        kinds.ROLE_BINDING,
        kinds.CLUSTER_ROLE,
        kinds.CLUSTER_ROLE_BINDING,
    ),
    "reviews": (
        kinds.TOKEN_REQUEST,
        *(kind for kind in kinds.REVIEWS if kind.group.endswith(".k8s.io")),
    ),
    "definition": (kinds.DEFINITION, kinds.API_SERVICE),
    "machine": (kinds.VIRTUAL_MACHINE,),
    "instance": (kinds.VIRTUAL_MACHINE_INSTANCE,),
    "kubevirt": (kinds.KUBEVIRT,),
    "replicaset": (kinds.INSTANCE_REPLICA_SET,),
    "pool": (kinds.POOL,),
    "migration": (kinds.MIGRATION, kinds.MIGRATION_POLICY),
    "preset": (kinds.PRESET,),
    "snapshot": (kinds.SNAPSHOT, kinds.SNAPSHOT_CONTENT, kinds.RESTORE),
    "clone": (kinds.CLONE,),
    "export": (kinds.EXPORT,),
    "backup": (kinds.BACKUP, kinds.BACKUP_TRACKER),
    "instancetype": (kinds.INSTANCETYPE, kinds.CLUSTER_INSTANCETYPE),
    "preference": (kinds.PREFERENCE, kinds.CLUSTER_PREFERENCE),
    "plugin": (kinds.PLUGIN,),
    "template": (kinds.TEMPLATE, kinds.TEMPLATE_REQUEST),
    "datavolume": (kinds.DATA_VOLUME,),
    "cdi": (
        kinds.DATA_SOURCE,
        kinds.DATA_IMPORT_CRON,
        kinds.STORAGE_PROFILE,
        kinds.CDI_CONFIG,
        kinds.CDI,
        kinds.VOLUME_IMPORT_SOURCE,
        kinds.VOLUME_UPLOAD_SOURCE,
        kinds.VOLUME_CLONE_SOURCE,
    ),
    "volumesnapshot": (
        kinds.VOLUME_SNAPSHOT,
        kinds.VOLUME_SNAPSHOT_CONTENT,
        kinds.VOLUME_SNAPSHOT_CLASS,
    ),
    "hyperconverged": (kinds.HYPERCONVERGED,),
    "awarequota": (
        kinds.AAQ,
        kinds.AWARE_QUOTA,
        kinds.AWARE_CLUSTER_QUOTA,
        kinds.AWARE_APPLIED_QUOTA,
        kinds.MTQ,
        kinds.MIGRATION_QUOTA,
    ),
    "networkpolicy": (kinds.MULTI_NETWORK_POLICY, kinds.NETWORK_POLICY),
    "overlaynetwork": (
        kinds.USER_NETWORK,
        kinds.CLUSTER_USER_NETWORK,
        kinds.IPAM_CLAIM,
    ),
    "hostnetwork": (
        kinds.ATTACHMENT_DEFINITION,
        kinds.NODE_NETWORK_POLICY,
        kinds.NODE_NETWORK_ENACTMENT,
        kinds.NODE_NETWORK_STATE,
    ),
}
_MODULES = {
    (member.group, member.name): home for home, members in _HOMES.items() for member in members
}


@cache
def model_of(kind: Kind) -> type[Model] | None:
    """The Struct of ``kind``'s objects in any version, or None when there is none."""
    home = _MODULES.get((kind.group, kind.name))
    if home is None:
        return None
    found = getattr(importlib.import_module(f"virtctl.models.{home}"), kind.name)
    return found if isinstance(found, type) and issubclass(found, Model) else None
