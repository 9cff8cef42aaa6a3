"""The pod in which libguestfs works on a claim."""

from __future__ import annotations

from typing import NamedTuple

from virtctl.models.documents import Document, JsonValue, find, strings, text

CONTAINER = "libguestfs"
_DISK, _DEVICE = "/disk", "/dev/vda"
_ENVIRONMENT = {
    "LIBGUESTFS_BACKEND": "direct",
    "LIBGUESTFS_PATH": "/usr/local/lib/guestfs/appliance",
    "LIBGUESTFS_TMPDIR": "/tmp/guestfs",  # noqa: S108 - in the pod
    "HOME": "/home/guestfs",
}
_SCRATCH = {
    "libguestfs-tmp-dir": _ENVIRONMENT["LIBGUESTFS_TMPDIR"],
    "guestfs": _ENVIRONMENT["HOME"],
}


class Wish(NamedTuple):
    """``user``, ``group`` and ``fs_group`` are None where the pod's image decides."""

    image: str
    pull_policy: str = "IfNotPresent"
    kvm: bool = True
    root: bool = False
    user: int | None = None
    group: int | None = None
    fs_group: int | None = None


def pod_name(claim: str) -> str:
    """The pod for a claim."""
    return f"libguestfs-tools-{claim}"


def build(claim: Document, wish: Wish, machine: Document | None = None) -> Document:
    """The pod. It goes where ``machine``'s would, when one is given."""
    name = text(claim, "metadata", "name")
    volumes: list[JsonValue] = [
        {"name": "volume", "persistentVolumeClaim": {"claimName": name}},
    ]
    volumes += [{"name": scratch, "emptyDir": {}} for scratch in _SCRATCH]
    spec: Document = {
        "volumes": volumes,
        "containers": [_container(claim, wish)],
        "restartPolicy": "Never",
        "securityContext": _security(wish),
    }
    metadata: Document = {"name": pod_name(name)}
    if machine is not None:
        _place(machine, spec, metadata)
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def _container(claim: Document, wish: Wish) -> Document:
    mounts: list[JsonValue] = [
        {"name": scratch, "mountPath": path} for scratch, path in _SCRATCH.items()
    ]
    container: Document = {
        "name": CONTAINER,
        "image": wish.image,
        "command": ["/entrypoint.sh"],
        "env": [{"name": key, "value": value} for key, value in _ENVIRONMENT.items()],
        "resources": {"limits": {"devices.kubevirt.io/kvm": "1"}} if wish.kvm else {},
        "imagePullPolicy": wish.pull_policy,
        "securityContext": {"capabilities": {"drop": ["ALL"]}, "allowPrivilegeEscalation": False},
        "stdin": True,
        "tty": True,
    }
    if text(claim, "spec", "volumeMode") == "Block":
        container["volumeDevices"] = [{"name": "volume", "devicePath": _DEVICE}]
    else:
        mounts.append({"name": "volume", "mountPath": _DISK})
        container["workingDir"] = _DISK
    container["volumeMounts"] = mounts
    return container


def _security(wish: Wish) -> Document:
    security: Document = {
        "runAsNonRoot": not wish.root, "seccompProfile": {"type": "RuntimeDefault"},
    }  # fmt: skip
    ids = (0, 0, 0) if wish.root else (wish.user, wish.group, wish.fs_group)
    for key, number in zip(("runAsUser", "runAsGroup", "fsGroup"), ids, strict=True):
        if number is not None:
            security[key] = number
    return security


def _place(machine: Document, spec: Document, metadata: Document) -> None:
    template = ("spec", "template")
    for key in ("tolerations", "affinity", "nodeSelector"):
        held = find(machine, *template, "spec", key)
        if held:
            spec[key] = held
    labels = strings(machine, *template, "metadata", "labels")
    if labels:
        metadata["labels"] = dict(labels)
