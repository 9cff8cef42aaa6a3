"""The virt-launcher pod of a VirtualMachineInstance (api.md §5). Pure.

``virtctl local render --what pod`` prints the same document that the instance controller creates.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from virtctl.local.networks import selections
from virtctl.local.runtime import backendstorage
from virtctl.local.runtime.autolimits import NO_LIMITS, AutoLimits
from virtctl.local.runtime.cpuplacing import cpu_selector, without_forbidden
from virtctl.local.runtime.overhead import enlarged, memory_overhead
from virtctl.local.runtime.owners import controller_reference
from virtctl.models.documents import (
    Document,
    JsonValue,
    child,
    find,
    flag,
    integer,
    items,
    name_of,
    namespace_of,
    objects,
    strings,
    text,
    uid_of,
)
from virtctl.models.kinds import POD, VIRTUAL_MACHINE_INSTANCE
from virtctl.wire.quantities import Notation, Quantity, parse_quantity

SANDBOX = "PodReadyToStartContainers"
"""Condition of a pod whose network could not be made, with the reason in its message."""
UNPAUSED_GATE = "kubevirt.io/virtual-machine-unpaused"
CREATED_BY = "kubevirt.io/created-by"
SCHEDULABLE = "kubevirt.io/schedulable"
COMPONENT = "local.virtctl.io/component"
"""Annotation of pods that stand for a part of the control plane: their jobs are done in the
daemon, so no node runs them, and their log is the daemon's."""
ATTENDED = "local.virtctl.io/attended"
"""Annotation of pods that the node agent only removes: the value names the job that runs them."""
FAIL_FAST = "kubevirt.io/func-test-virt-launcher-fail-fast"
"""Annotation of a VMI whose launcher is to crash as soon as it runs, to try what follows."""
KEEP_FAILED = "kubevirt.io/keep-launcher-alive-after-failure"
"""Annotation of a VMI whose launcher goes on when the guest has failed, to be looked at."""
DEFAULT_GRACE = 30  # seconds, spec.terminationGracePeriodSeconds of a VMI
_GRACE_MARGIN = 30  # seconds that the pod gets on top of its guest's
_LAUNCHER_MARGIN = 15  # seconds that the launcher waits on top of its guest's
_QEMU_USER = 107
_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"  # of apimachinery's generated names
_NAME_LIMIT = 63
_MEBI = 1024 * 1024
_CPU_ALLOCATION_RATIO = 10
_NOT_COPIED = {
    "kubevirt.io/latest-observed-api-version",
    "kubevirt.io/storage-observed-api-version",
}
_SAFE_LABEL = re.compile(r"[^a-z0-9-]")


@dataclass(frozen=True)
class PodSettings:
    """What the cluster's KubeVirt configuration adds to a pod.

    ``resources`` are what a node must have for the machine's networks, one of each. ``state_claim``
    keeps what firmware and TPM remember; ``block_claims`` are those of the machine's claims that
    are devices. ``cpu_ratio`` is how many CPUs of guests share one of the host's,
    ``overhead_ratio`` makes the memory beside the guests' larger. ``limits`` are those of machines
    that have none, ``runtime_class`` names what is to run the containers.
    """

    use_emulation: bool = False
    image: str = "virt-launcher"
    cluster_architecture: str = "amd64"
    resources: tuple[str, ...] = ()
    state_claim: str = ""
    block_claims: frozenset[str] = frozenset()
    cpu_ratio: int = _CPU_ALLOCATION_RATIO
    overhead_ratio: float = 1.0
    limits: AutoLimits = NO_LIMITS
    runtime_class: str = ""


def settings_of(configuration: Document) -> PodSettings:
    """What ``spec.configuration`` of the KubeVirt object means for pods."""
    developer = child(configuration, "developerConfiguration")
    ratio = text(configuration, "additionalGuestMemoryOverheadRatio")
    try:
        overhead = float(ratio) if ratio else 1.0
    except ValueError:
        overhead = 1.0  # upstream logs it and goes on
    return PodSettings(
        use_emulation=developer.get("useEmulation") is True,
        cpu_ratio=integer(developer, "cpuAllocationRatio") or _CPU_ALLOCATION_RATIO,
        overhead_ratio=max(overhead, 1.0),
        runtime_class=text(configuration, "defaultRuntimeClass"),
    )


def grace_period(vmi: Document) -> int:
    """Seconds that the guest has to shut down."""
    return integer(vmi, "spec", "terminationGracePeriodSeconds", default=DEFAULT_GRACE)


def crashes_at_once(vmi: Document) -> bool:
    """Whether the launcher is to crash instead of starting the guest."""
    return FAIL_FAST in strings(vmi, "metadata", "annotations")


def outlives_failure(vmi: Document) -> bool:
    """Whether the launcher is to stay when the guest has failed."""
    told = strings(vmi, "metadata", "annotations").get(KEEP_FAILED, "")
    return told.lower() in {"1", "t", "true"}


def hostname(vmi: Document) -> str:
    """The guest's and pod's host name: ``spec.hostname`` or the name, its first DNS label."""
    wanted = text(vmi, "spec", "hostname") or name_of(vmi)
    return wanted.partition(".")[0][:_NAME_LIMIT].rstrip("-")


def pod_name(vmi: Document) -> str:
    """``virt-launcher-<name>-`` and five characters made from the VMI's uid.

    Kubernetes draws them at random; made from the uid, creating the pod twice makes one pod.
    """
    prefix = _prefix(vmi)
    digest = hashlib.sha256(uid_of(vmi).encode()).digest()
    return prefix + "".join(_ALPHABET[byte % len(_ALPHABET)] for byte in digest[:5])


def _prefix(vmi: Document) -> str:
    return f"virt-launcher-{name_of(vmi)}-"[: _NAME_LIMIT - 5]


def build_pod(vmi: Document, settings: PodSettings) -> Document:
    """The whole pod."""
    return {
        "apiVersion": POD.api_version,
        "kind": POD.name,
        "metadata": {
            "name": pod_name(vmi),
            "generateName": _prefix(vmi),
            "namespace": namespace_of(vmi),
            "labels": dict(_labels(vmi)),
            "annotations": dict(_annotations(vmi)),
            "ownerReferences": [controller_reference(VIRTUAL_MACHINE_INSTANCE, vmi)],
        },
        "spec": _spec(vmi, settings),
    }


def _labels(vmi: Document) -> dict[str, str]:
    return {
        **strings(vmi, "metadata", "labels"),
        "kubevirt.io": "virt-launcher",
        CREATED_BY: uid_of(vmi),
        "vm.kubevirt.io/name": _SAFE_LABEL.sub("-", name_of(vmi).lower())[:_NAME_LIMIT].strip("-"),
        "vmi.kubevirt.io/id": label_value(name_of(vmi)),
    }


def label_value(name: str) -> str:
    """``name`` as a label value: cut at 54 and told apart by eight digits of its SHA-1."""
    if len(name) <= _NAME_LIMIT:
        return name
    digest = hashlib.sha1(name.encode(), usedforsecurity=False).hexdigest()
    return f"{name[:54]}-{digest[:8]}"


def _annotations(vmi: Document) -> dict[str, str]:
    kept = {
        key: value
        for key, value in strings(vmi, "metadata", "annotations").items()
        if not key.startswith("kubectl.kubernetes.io/") and key not in _NOT_COPIED
    }
    freezer = f"--name {name_of(vmi)} --namespace {namespace_of(vmi)}"
    return {
        **kept,
        "kubevirt.io/domain": name_of(vmi),
        "kubectl.kubernetes.io/default-container": "compute",
        "kubevirt.io/migrationTransportUnix": "true",
        "descheduler.alpha.kubernetes.io/request-evict-only": "",
        "pre.hook.backup.velero.io/container": "compute",
        "pre.hook.backup.velero.io/command": _freezer("freeze", freezer),
        "post.hook.backup.velero.io/container": "compute",
        "post.hook.backup.velero.io/command": _freezer("unfreeze", freezer),
        **selections.pod_annotations(vmi),
    }


def _freezer(verb: str, arguments: str) -> str:
    words = ["/usr/bin/virt-freezer", f"--{verb}", *arguments.split()]
    return "[" + ", ".join(f'"{word}"' for word in words) + "]"


def _spec(vmi: Document, settings: PodSettings) -> Document:
    spec: Document = {
        "restartPolicy": "Never",
        "hostname": hostname(vmi),
        "terminationGracePeriodSeconds": grace_period(vmi) + _GRACE_MARGIN,
        "readinessGates": [{"conditionType": UNPAUSED_GATE}],
        "enableServiceLinks": False,
        "automountServiceAccountToken": bool(_service_account(vmi)),
        "schedulerName": "default-scheduler",
        "securityContext": {
            "runAsUser": _QEMU_USER,
            "runAsGroup": _QEMU_USER,
            "runAsNonRoot": True,
            "fsGroup": _QEMU_USER,
        },
        "nodeSelector": dict(_node_selector(vmi, settings)),
        "initContainers": list(_init_containers(vmi)),
        "containers": [_compute(vmi, settings), *_disk_containers(vmi)],
        "volumes": [*_volumes(vmi), *_state_volumes(settings)],
    }
    for field in _COPIED:
        value = find(vmi, "spec", field)
        if value is not None:
            spec[field] = value
    affinity = without_forbidden(spec.get("affinity"), vmi)
    if affinity is not None:
        spec["affinity"] = affinity
    if _service_account(vmi):
        spec["serviceAccountName"] = _service_account(vmi)
    if settings.runtime_class:
        spec["runtimeClassName"] = settings.runtime_class
    return spec


_COPIED = (
    "subdomain",
    "tolerations",
    "affinity",
    "schedulerName",
    "priorityClassName",
    "dnsPolicy",
    "dnsConfig",
    "topologySpreadConstraints",
)


def _service_account(vmi: Document) -> str:
    """The account of the machine's serviceAccount volume; there is at most one."""
    for volume in objects(vmi, "spec", "volumes"):
        if "serviceAccount" in volume:
            return text(volume, "serviceAccount", "serviceAccountName")
    return ""


def _node_selector(vmi: Document, settings: PodSettings) -> dict[str, str]:
    architecture = text(vmi, "spec", "architecture") or settings.cluster_architecture
    return {
        SCHEDULABLE: "true",
        "kubernetes.io/arch": architecture,
        **strings(vmi, "spec", "nodeSelector"),
        **cpu_selector(vmi),
    }


def _compute(vmi: Document, settings: PodSettings) -> Document:
    grace = str(grace_period(vmi) + _LAUNCHER_MARGIN)
    arguments = [
        "--qemu-timeout", "270s",
        "--name", name_of(vmi),
        "--uid", uid_of(vmi),
        "--namespace", namespace_of(vmi),
        "--kubevirt-share-dir", "/var/run/kubevirt",
        "--ephemeral-disk-dir", "/var/run/kubevirt-ephemeral-disks",
        "--container-disk-dir", "/var/run/kubevirt/container-disks",
        "--grace-period-seconds", grace,
        "--hook-sidecars", "0",
        "--ovmf-path", "/usr/share/OVMF",
        "--disk-memory-limit", str(2000 * _MEBI),
        "--hypervisor", "kvm",
        "--run-as-nonroot",
        *(["--allow-emulation"] if settings.use_emulation else []),
        *(["--keep-after-failure"] if outlives_failure(vmi) else []),
        *(["--simulate-crash"] if crashes_at_once(vmi) else []),
    ]  # fmt: skip
    return {
        "name": "compute",
        "image": settings.image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["/usr/bin/virt-launcher-monitor", *arguments],
        "env": _environment(),
        "resources": resources(vmi, settings),
        "securityContext": {
            "capabilities": {"add": ["NET_BIND_SERVICE"], "drop": ["ALL"]},
            "privileged": False,
            "allowPrivilegeEscalation": False,
        },
        "volumeMounts": [
            {"name": "private", "mountPath": "/var/run/kubevirt-private"},
            {"name": "public", "mountPath": "/var/run/kubevirt"},
            {"name": "ephemeral-disks", "mountPath": "/var/run/kubevirt-ephemeral-disks"},
            _shared_mount("container-disks", "/var/run/kubevirt/container-disks"),
            {"name": "libvirt-runtime", "mountPath": "/var/run/libvirt"},
            {"name": "sockets", "mountPath": "/var/run/kubevirt/sockets"},
            _shared_mount("hotplug-disks", "/var/run/kubevirt/hotplug-disks"),
            *_claim_mounts(vmi, settings.block_claims),
            *backendstorage.mounts(settings.state_claim),
        ],
        **_claim_devices(vmi, settings.block_claims),
    }


def _shared_mount(name: str, path: str) -> Document:
    return {"name": name, "mountPath": path, "mountPropagation": "HostToContainer"}


def _environment() -> list[JsonValue]:
    return [
        {"name": "XDG_CACHE_HOME", "value": "/var/run/kubevirt-private"},
        {"name": "XDG_CONFIG_HOME", "value": "/var/run/kubevirt-private"},
        {"name": "XDG_RUNTIME_DIR", "value": "/var/run"},
        {
            "name": "POD_NAME",
            "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}},
        },
    ]


def resources(vmi: Document, settings: PodSettings) -> Document:
    """What the machine's container requests, and what it is limited to."""
    requests: Document = dict(child(vmi, "spec", "domain", "resources", "requests"))
    limits: Document = dict(child(vmi, "spec", "domain", "resources", "limits"))
    overhead = overhead_of(vmi, settings)
    requests["memory"] = str(_with(_requested_memory(vmi), overhead))
    requests.setdefault("cpu", f"{vcpus(vmi) * 1000 // settings.cpu_ratio}m")
    requests.setdefault("ephemeral-storage", "50M")
    if "memory" in limits:
        limits["memory"] = str(_with(parse_quantity(text(limits, "memory")), overhead))
    elif settings.limits.memory:
        asked = parse_quantity(text(requests, "memory")).value
        limits["memory"] = str(Quantity.of(int(asked * settings.limits.memory), Notation.BINARY))
    if settings.limits.cpu:
        limits.setdefault("cpu", str(vcpus(vmi)))
    devices = ["tun", "vhost-net"] if not settings.use_emulation else ["tun"]
    if not settings.use_emulation:
        devices.insert(0, "kvm")
    for device in devices:
        requests[f"devices.kubevirt.io/{device}"] = "1"
        limits[f"devices.kubevirt.io/{device}"] = "1"
    for resource in settings.resources:
        number = str(settings.resources.count(resource))
        requests[resource] = limits[resource] = number
    return {"requests": requests, "limits": limits}


def overhead_of(vmi: Document, settings: PodSettings) -> int:
    """Bytes of memory that the machine's container is given beside what the machine asks for."""
    least = memory_overhead(vmi, _requested_memory(vmi).value, vcpus(vmi))
    return enlarged(least, settings.overhead_ratio)


def _with(amount: Quantity, overhead: int) -> Quantity:
    return Quantity.of(amount.exact + overhead, Notation.BINARY)


def _requested_memory(vmi: Document) -> Quantity:
    for path in (
        ("resources", "requests", "memory"),
        ("memory", "guest"),
        ("resources", "limits", "memory"),
        ("memory", "hugepages", "pageSize"),
    ):
        found = find(vmi, "spec", "domain", *path)
        if isinstance(found, (str, int)):
            return parse_quantity(found)
    return parse_quantity("0")


def vcpus(vmi: Document) -> int:
    """Number of virtual CPUs."""
    cpu = child(vmi, "spec", "domain", "cpu")
    count = 1
    for factor in ("sockets", "cores", "threads"):
        count *= integer(cpu, factor, default=1) or 1
    return count


def _container_disks(vmi: Document) -> list[tuple[str, Document]]:
    return [
        (text(volume, "name"), child(volume, "containerDisk"))
        for volume in objects(vmi, "spec", "volumes")
        if "containerDisk" in volume
    ]


def _disk_containers(vmi: Document) -> list[Document]:
    found = []
    for name, disk in _container_disks(vmi):
        container = _disk_container(f"volume{name}", name, disk)
        found.append(container)
    return found


def _init_containers(vmi: Document) -> list[Document]:
    found: list[Document] = []
    if _logs_serial_console(vmi):
        found.append(
            {
                "name": "guest-console-log",
                "image": "virt-launcher",
                "restartPolicy": "Always",
                "command": ["/usr/bin/virt-tail"],
                "args": ["--logfile", f"/var/run/kubevirt-private/{uid_of(vmi)}/virt-serial0-log"],
                "volumeMounts": [
                    {
                        "name": "private",
                        "mountPath": "/var/run/kubevirt-private",
                        "readOnly": True,
                    }
                ],
            }
        )
    found.extend(
        _disk_container(f"volume{name}-init", name, disk) for name, disk in _container_disks(vmi)
    )
    return found


def _logs_serial_console(vmi: Document) -> bool:
    devices = child(vmi, "spec", "domain", "devices")
    return flag(devices, "autoattachSerialConsole", default=True) and flag(
        devices, "logSerialConsole", default=True
    )


def _disk_container(name: str, volume: str, disk: Document) -> Document:
    path = f"/var/run/kubevirt/container-disks/{volume}"
    arguments: list[JsonValue] = ["--copy-path", path]
    if name.endswith("-init"):
        arguments = ["--no-op"]
    return {
        "name": name,
        "image": text(disk, "image"),
        "imagePullPolicy": text(disk, "imagePullPolicy", default="IfNotPresent"),
        "command": ["/usr/bin/container-disk"],
        "args": arguments,
        "resources": {
            "requests": {"cpu": "1m", "memory": "1M", "ephemeral-storage": "50M"},
            "limits": {"cpu": "10m", "memory": "40M"},
        },
        "volumeMounts": [
            {"name": "container-disks", "mountPath": "/var/run/kubevirt/container-disks"}
        ],
    }


def claim_of(volume: Document) -> str:
    """The claim that a volume of a VMI stands for; empty when it is none."""
    return (
        text(volume, "persistentVolumeClaim", "claimName")
        or text(volume, "dataVolume", "name")
        or text(volume, "ephemeral", "persistentVolumeClaim", "claimName")
        or text(volume, "memoryDump", "claimName")
    )


_HOTPLUGGABLE = ("persistentVolumeClaim", "dataVolume", "memoryDump")


def is_hotpluggable(volume: Document) -> bool:
    """Whether a volume of a machine may come and go while the guest runs."""
    return any(flag(volume, source, "hotpluggable") for source in _HOTPLUGGABLE)


def _claim_mounts(vmi: Document, blocks: frozenset[str]) -> list[Document]:
    return [
        {"name": name, "mountPath": f"/var/run/kubevirt-private/vmi-disks/{name}"}
        for name, claim in _first_claims(vmi)
        if claim not in blocks
    ]


def _claim_devices(vmi: Document, blocks: frozenset[str]) -> Document:
    found: list[JsonValue] = [
        {"name": name, "devicePath": f"/dev/{name}"}
        for name, claim in _first_claims(vmi)
        if claim in blocks
    ]
    return {"volumeDevices": found} if found else {}


def _first_claims(vmi: Document) -> Iterator[tuple[str, str]]:
    """Names of the volumes that are there from the beginning, with their claims."""
    for volume in objects(vmi, "spec", "volumes"):
        if claim_of(volume) and not is_hotpluggable(volume):
            yield text(volume, "name"), claim_of(volume)


def _volumes(vmi: Document) -> list[Document]:
    names = (
        "private", "public", "ephemeral-disks", "container-disks", "libvirt-runtime", "sockets",
        "hotplug-disks",
    )  # fmt: skip
    found: list[Document] = [{"name": name, "emptyDir": {}} for name in names]
    for volume in objects(vmi, "spec", "volumes"):
        claim = claim_of(volume)
        if claim and not is_hotpluggable(volume):
            found.append(
                {"name": text(volume, "name"), "persistentVolumeClaim": {"claimName": claim}}
            )
        found.extend(_file_volumes(volume))
    return found


def _state_volumes(settings: PodSettings) -> list[Document]:
    claim = settings.state_claim
    return [backendstorage.pod_volume(claim)] if claim else []


def _file_volumes(volume: Document) -> list[Document]:
    name = text(volume, "name")
    if "configMap" in volume:
        return [{"name": name, "configMap": dict(child(volume, "configMap"))}]
    if "secret" in volume:
        return [{"name": name, "secret": dict(child(volume, "secret"))}]
    return []


def images(pod: Document) -> list[str]:
    """The images of a launcher pod's container disks, each once."""
    found = [
        text(container, "image")
        for container in objects(pod, "spec", "containers")
        if text(container, "name") != "compute"
    ]
    return list(dict.fromkeys(found))


def container_names(pod: Document) -> list[str]:
    """Names of all containers, init containers last."""
    every = [*items(pod, "spec", "containers"), *items(pod, "spec", "initContainers")]
    return [text(container, "name") for container in every if isinstance(container, dict)]
