"""Volumes that come to a running instance: attachment pods and the phases until a guest has them.

As upstream, a pod ``hp-volume-…`` holds each such claim, so that nobody else takes it; here it has
no processes, and the launcher takes the disk from where the claim is (api.md §4). Pure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence

from virtctl.local.runtime import fillings
from virtctl.local.runtime.changes import Announce, Change, Create, delete
from virtctl.local.runtime.owners import controller_reference, is_deleting
from virtctl.local.runtime.podmanifest import claim_of, is_hotpluggable
from virtctl.models.documents import (
    Document,
    JsonValue,
    child,
    find,
    name_of,
    namespace_of,
    objects,
    strings,
    text,
    uid_of,
)
from virtctl.models.kinds import POD

LABEL, HOTPLUG = "kubevirt.io", "hotplug-disk"
DOMAIN = "kubevirt.io/domain"
NOT_READY = "PVCNotReady"
_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
_COMING = frozenset({"AttachedToNode", "MountedToPod", "Ready"})


def is_attachment(pod: Document) -> bool:
    """Whether a pod only holds a volume for a launcher."""
    return strings(pod, "metadata", "labels").get(LABEL) == HOTPLUG


def has_come(entry: Document) -> bool:
    """Whether a volume that comes later, by its entry in ``volumeStatus``, can be plugged in."""
    return text(entry, "phase") in _COMING


def pod_name(vmi: Document, volume: str) -> str:
    """``hp-volume-`` and five characters, the same each time."""
    digest = hashlib.sha256(f"{uid_of(vmi)} {volume}".encode()).digest()
    return "hp-volume-" + "".join(_ALPHABET[byte % len(_ALPHABET)] for byte in digest[:5])


def block_claims(claims: Iterable[Document]) -> frozenset[str]:
    """The names of those claims that are block devices."""
    return frozenset(name_of(one) for one in claims if _is_block(one))


def _is_block(claim: Document | None) -> bool:
    return text(claim or {}, "spec", "volumeMode") == "Block"


def build_pod(
    vmi: Document, launcher: Document, volume: Document, claim: Document | None = None
) -> Document:
    """The pod that holds a volume's ``claim`` on the launcher's node."""
    name, held = text(volume, "name"), {"claimName": claim_of(volume)}
    shown: Document = {"volumeMounts": [{"name": name, "mountPath": f"/{name}"}]}
    if claim is not None and _is_block(claim):
        path = f"/path/{name}/{uid_of(claim)}"
        shown = {"volumeDevices": [{"name": name, "devicePath": path}]}
    return {
        "apiVersion": POD.api_version,
        "kind": POD.name,
        "metadata": {
            "name": pod_name(vmi, text(volume, "name")),
            "generateName": "hp-volume-",
            "namespace": namespace_of(vmi),
            "labels": {LABEL: HOTPLUG},
            "annotations": {DOMAIN: name_of(vmi)},
            "ownerReferences": [controller_reference(POD, launcher)],
        },
        "spec": {
            "nodeName": text(launcher, "spec", "nodeName"),
            "restartPolicy": "Never",
            "enableServiceLinks": False,
            "automountServiceAccountToken": False,
            "terminationGracePeriodSeconds": 0,
            "tolerations": [{"operator": "Exists"}],
            "containers": [
                {
                    "name": HOTPLUG,
                    "image": "virt-launcher",
                    "imagePullPolicy": "IfNotPresent",
                    "command": ["/usr/bin/container-disk"],
                    "resources": {
                        "requests": {"cpu": "10m", "memory": "2M"},
                        "limits": {"cpu": "100m", "memory": "80M"},
                    },
                    **shown,
                }
            ],
            "volumes": [{"name": name, "persistentVolumeClaim": {**held}}],
        },
    }


def keep(
    vmi: Document,
    launcher: Document,
    attached: Sequence[Document],
    claims: Mapping[str, Document],
    status: Document,
) -> Iterator[Change]:
    """Hold what is to come, let go of what is gone; brings ``volumeStatus`` up to date in place."""
    entries = {text(one, "name"): dict(one) for one in objects(status, "volumeStatus")}
    pods = {name_of(pod): pod for pod in attached}
    held = set()
    for volume in objects(vmi, "spec", "volumes"):
        name = text(volume, "name")
        if not is_hotpluggable(volume):
            continue
        held.add(pod_name(vmi, name))
        entry = entries.setdefault(name, {"name": name, "target": ""})
        yield from _hold(vmi, launcher, volume, entry, (pods, claims))
    # Also what the guest has not let go of.
    for name, entry in entries.items():
        if find(entry, "hotplugVolume") is None or pod_name(vmi, name) in held:
            continue
        held.add(pod_name(vmi, name))
        entry.update({"phase": "Detaching", "message": leaving(name)})
    for pod in pods.values():
        if name_of(pod) not in held and not is_deleting(pod):
            yield delete(POD, pod, grace=0)
            message = f"Deleted attachment pod {name_of(pod)}"
            yield Announce(about=vmi, reason="SuccessfulDelete", message=message)
    if entries or "volumeStatus" in status:
        status["volumeStatus"] = list(entries.values())


def _hold(
    vmi: Document,
    launcher: Document,
    volume: Document,
    entry: Document,
    found: tuple[Mapping[str, Document], Mapping[str, Document]],
) -> Iterator[Change]:
    pods, claims = found
    name, claim = text(volume, "name"), claims.get(claim_of(volume))
    pod = pods.get(pod_name(vmi, name))
    known = child(entry, "hotplugVolume")
    problem = _problem(claim_of(volume), claim)
    if claim is not None:
        entry["persistentVolumeClaimInfo"] = claim_info(claim)
    if problem and pod is None:
        if not has_come(entry):
            entry.update({"phase": "Pending", "reason": NOT_READY, "message": problem})
        entry["hotplugVolume"] = known
        return
    if pod is None:
        made = build_pod(vmi, launcher, volume, claim)
        yield Create(kind=POD, document=made)
        message = f"Created attachment pod {name_of(made)}"
        yield Announce(about=vmi, reason="SuccessfulCreate", message=message)
    holder: Document = {**known, "attachPodName": pod_name(vmi, name)}
    if pod is not None:
        holder["attachPodUID"] = uid_of(pod)
    entry["hotplugVolume"] = holder
    if not has_come(entry):
        message = f"Created hotplug attachment pod {pod_name(vmi, name)}, for volume {name}"
        entry.update({"phase": "AttachedToNode", "reason": "SuccessfulCreate", "message": message})


def _problem(name: str, claim: Document | None) -> str:
    """Why a claim cannot be plugged in yet; empty when it can."""
    if claim is None:
        return f"PVC {name} not found"
    if text(claim, "status", "phase") != "Bound":
        return f"PVC is in phase {text(claim, 'status', 'phase') or 'Pending'}"
    return "" if fillings.is_filled(claim) else f"PVC {name} is not filled yet"


def leaving(volume: str) -> str:
    """What is said of a volume that is to go and that the guest still has."""
    return f"Waiting for the guest to let go of volume {volume}"


def claim_info(claim: Document) -> Document:
    """What ``volumeStatus`` tells of a claim."""
    modes: JsonValue = find(claim, "spec", "accessModes")
    marks = strings(claim, "metadata", "annotations")
    full: Document = {"preallocated": True} if marks.get(fillings.PREALLOCATED) == "true" else {}
    return {
        "claimName": name_of(claim),
        "accessModes": modes,
        "capacity": find(claim, "status", "capacity"),
        "requests": find(claim, "spec", "resources", "requests"),
        "volumeMode": text(claim, "spec", "volumeMode", default="Filesystem"),
        "filesystemOverhead": "0",
        **full,
    }
