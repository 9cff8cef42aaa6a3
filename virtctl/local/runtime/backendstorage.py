"""The claim that keeps what a machine's firmware and TPM remember (domain.md §12). Pure."""

from __future__ import annotations

import hashlib

from virtctl.local.runtime import blocktracking
from virtctl.local.runtime.owners import controller_of, controller_reference
from virtctl.models.documents import Document, child, flag, name_of, namespace_of, text, uid_of
from virtctl.models.kinds import PVC, VIRTUAL_MACHINE_INSTANCE

LABEL = "persistent-state-for"
VOLUME = "vm-state"
"""Name of the pod's volume."""

_PLACES = {
    "nvram": "/var/run/kubevirt-private/libvirt/qemu/nvram",
    "swtpm": "/var/run/kubevirt-private/libvirt/qemu/swtpm",
    "swtpm-localca": "/var/lib/swtpm-localca",
}
_SIZE = "10Mi"
_CLASS = "vmStateStorageClass"


def is_needed(vmi: Document) -> bool:
    """Whether an instance has a TPM or an EFI whose state is to outlive it, or changed blocks."""
    if blocktracking.is_on(vmi):
        return True
    devices = child(vmi, "spec", "domain", "devices")
    tpm = flag(devices, "tpm", "enabled", default=True) and flag(devices, "tpm", "persistent")
    return tpm or flag(vmi, "spec", "domain", "firmware", "bootloader", "efi", "persistent")


def build(vmi: Document, configuration: Document) -> Document:
    """The claim of an instance, which its machine owns when it has one.

    ``configuration`` is that of the KubeVirt object; it may name a storage class.
    """
    owner = controller_of(vmi)
    whose = dict(owner) if owner else controller_reference(VIRTUAL_MACHINE_INSTANCE, vmi)
    whose.pop("controller", None)
    whose.pop("blockOwnerDeletion", None)
    unique = hashlib.sha256(str(whose.get("uid") or uid_of(vmi)).encode()).hexdigest()[:5]
    spec: Document = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": _SIZE}},
        "volumeMode": "Filesystem",
    }
    named = text(configuration, _CLASS)
    if named:
        spec["storageClassName"] = named
    return {
        "apiVersion": PVC.api_version,
        "kind": PVC.name,
        "metadata": {
            "name": f"{LABEL}-{name_of(vmi)}-{unique}",
            "namespace": namespace_of(vmi),
            "labels": {LABEL: name_of(vmi)},
            "ownerReferences": [whose],
        },
        "spec": spec,
    }


def pod_volume(claim: str) -> Document:
    """The volume by which a pod has the claim, so that it is bound for it."""
    return {"name": VOLUME, "persistentVolumeClaim": {"claimName": claim}}


def mounts(claim: str) -> list[Document]:
    """Where the container has it; none without a claim."""
    return [
        {"name": VOLUME, "mountPath": path, "subPath": part}
        for part, path in _PLACES.items()
        if claim
    ]
