"""Objects of the data importer, as short as they can be."""

from __future__ import annotations

from virtctl.local.controllers.claims import PROVISIONER, storage_class
from virtctl.local.runtime import fillings


def data_volume(source: dict | None = None, name: str = "dv1", **spec: object) -> dict:
    """A DataVolume of one mebibyte."""
    wanted = {"resources": {"requests": {"storage": "1Mi"}}}
    made: dict = {"storage": wanted, **spec}
    if source is not None:
        made["source"] = source
    return {
        "apiVersion": "cdi.kubevirt.io/v1beta1",
        "kind": "DataVolume",
        "metadata": {"name": name, "namespace": "default", "uid": f"uid-{name}"},
        "spec": made,
    }


def claim(name: str = "dv1", phase: str = "Bound", owner: str = "", **marks: str) -> dict:
    """A claim; ``marks`` are names of ``runtime.fillings``."""
    metadata: dict = {
        "name": name,
        "namespace": "default",
        "uid": f"claim-{name}",
        "annotations": {getattr(fillings, key): value for key, value in marks.items()},
    }
    if owner:
        metadata["ownerReferences"] = [
            {"kind": "DataVolume", "name": owner, "uid": f"uid-{owner}", "controller": True}
        ]
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": metadata,
        "spec": {"storageClassName": "local", "volumeName": f"pvc-claim-{name}"},
        "status": {"phase": phase, "capacity": {"storage": "1Mi"}},
    }


def volume(path: str, name: str = "dv1", size: str = "1Mi") -> dict:
    """The volume of ``claim(name)``."""
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": f"pvc-claim-{name}"},
        "spec": {"capacity": {"storage": size}, "hostPath": {"path": path}},
    }


def profile(*sets: tuple[list[str], str], name: str = "local") -> dict:
    """A storage profile with these access modes and volume modes."""
    return {
        "apiVersion": "cdi.kubevirt.io/v1beta1",
        "kind": "StorageProfile",
        "metadata": {"name": name},
        "status": {
            "claimPropertySets": [
                {"accessModes": modes, "volumeMode": volume_mode} for modes, volume_mode in sets
            ]
        },
    }


def classes() -> list[dict]:
    """The one storage class, which is the default, and its profile."""
    assert storage_class()["provisioner"] == PROVISIONER
    return [storage_class(), profile((["ReadWriteMany"], "Filesystem"))]


def config(share: str = "0", own: str = "") -> dict:
    """CDIConfig with the share that file systems take."""
    return {
        "apiVersion": "cdi.kubevirt.io/v1beta1",
        "kind": "CDIConfig",
        "metadata": {"name": "config"},
        "spec": {},
        "status": {
            "filesystemOverhead": {"global": share, "storageClass": {"local": own or share}}
        },
    }
