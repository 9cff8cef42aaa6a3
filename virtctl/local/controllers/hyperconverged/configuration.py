"""From the settings of a HyperConverged object to KubeVirt's and AAQ's. Pure.

What HCO manages of a KubeVirt object is set, or removed where nothing is said; the rest of the
object stays its user's. Facts: HCO's operand handlers for KubeVirt and AAQ.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import TypeAlias

from virtctl.models.documents import Document, JsonValue, child, find, flag, items, objects, text
from virtctl.models.kinds import AAQ as AAQ_KIND

AAQ_NAME = "aaq-kubevirt-hyperconverged"
TUNING = "hco.kubevirt.io/tuningPolicy"
"""Annotation with qps and burst as JSON, for the tuning policy ``annotation``."""

_ALWAYS = ("CPUManager", "Snapshot", "HostDevices", "KubevirtSeccompProfile")
_ASKED_FOR = {
    "downwardMetrics": "DownwardMetrics",
    "disableMDevConfiguration": "DisableMDEVConfiguration",
    "persistentReservation": "PersistentReservation",
    "alignCPUs": "AlignCPUs",
    "decentralizedLiveMigration": "DecentralizedLiveMigration",
}
_OBSOLETE = (
    "486", "pentium", "pentium2", "pentium3", "pentiumpro", "coreduo", "n270", "core2duo",
    "Conroe", "athlon", "phenom", "qemu64", "qemu32", "kvm64", "kvm32",
)  # fmt: skip
_HIGH_BURST = (200, 400)
_TLS = {"Old": "VersionTLS10", "Intermediate": "VersionTLS12", "Modern": "VersionTLS13"}
_Setting: TypeAlias = "tuple[str, JsonValue]"

_EVICTION = {False: "None", True: "LiveMigrate"}  # by whether there are several nodes


@dataclass(frozen=True)
class Surroundings:
    """What the settings depend on besides: whether guests are emulated, and can go elsewhere."""

    is_emulated: bool = False
    has_nodes: bool = False
    """Whether there are several."""


def configured(kubevirt: Document, hco: Document, around: Surroundings) -> Document:
    """``kubevirt``, an object's spec, with the settings of ``hco``, an object."""
    made = deepcopy(kubevirt)
    for path, value in settings(hco, around):
        _set(made, path.split("/"), value)
    return made


def _set(document: Document, path: list[str], value: JsonValue) -> None:
    holder = document
    for part in path[:-1]:
        inner = holder.get(part)
        if not isinstance(inner, dict):
            if value is None:
                return
            inner = holder[part] = {}
        holder = inner
    if value is None:
        holder.pop(path[-1], None)
    else:
        holder[path[-1]] = value


def settings(hco: Document, around: Surroundings) -> Iterator[_Setting]:
    """Paths in the spec of a KubeVirt object and their values; None is to be removed."""
    spec = child(hco, "spec")
    yield "certificateRotateStrategy/selfSigned", _certificates(child(spec, "certConfig"))
    yield "uninstallStrategy", spec.get("uninstallStrategy")
    yield "workloadUpdateStrategy", _or_none(child(spec, "workloadUpdateStrategy"))
    for place in ("infra", "workloads"):
        yield f"{place}/nodePlacement", find(spec, place, "nodePlacement")
    for path, value in _configuration(hco, around):
        yield f"configuration/{path}", value


def _configuration(hco: Document, around: Surroundings) -> Iterator[_Setting]:
    spec = child(hco, "spec")
    for theirs, ours in (
        ("cpuModel", "defaultCPUModel"),
        ("defaultRuntimeClass", "defaultRuntimeClass"),
        ("vmStateStorageClass", "vmStateStorageClass"),
        ("ksmConfiguration", "ksmConfiguration"),
        ("instancetype", "instancetypeConfig"),
        ("commonInstancetypesDeployment", "CommonInstancetypesDeployment"),
        ("liveUpdateConfiguration", "liveUpdateConfiguration"),
        ("network/binding", "networkBinding"),
    ):
        yield theirs, spec.get(ours)
    yield "evictionStrategy", spec.get("evictionStrategy") or _EVICTION[around.has_nodes]
    yield "migrations", _migrations(spec)
    yield "permittedHostDevices", _devices(spec)
    yield "mediatedDevicesConfiguration", _mediated(spec)
    yield "virtualMachineOptions", _options(spec)
    yield "tlsConfiguration", _tls(spec)
    yield "minCPUModel", find(spec, "obsoleteCPUs", "minCPUModel")
    yield "obsoleteCPUModels", _obsolete(spec)
    requirements = child(spec, "resourceRequirements")
    selector = "autoCPULimitNamespaceLabelSelector"
    yield selector, requirements.get(selector)
    yield from _rates(hco)
    developer = "developerConfiguration/"
    yield f"{developer}featureGates", [*feature_gates(spec, around)]
    yield f"{developer}cpuAllocationRatio", requirements.get("vmiCPUAllocationRatio")
    density = find(spec, "higherWorkloadDensity", "memoryOvercommitPercentage")
    yield f"{developer}memoryOvercommit", density
    yield f"{developer}logVerbosity", find(spec, "logVerbosityConfig", "kubevirt")


def feature_gates(spec: Document, around: Surroundings) -> Iterator[str]:
    """The gates that are on with the settings ``spec``."""
    yield from _ALWAYS
    if not around.is_emulated:
        yield "HypervStrictCheck"
    for asked, gate in _ASKED_FOR.items():
        if flag(spec, "featureGates", asked):
            yield gate
    declarative = flag(spec, "featureGates", "declarativeHotplugVolumes")
    yield "DeclarativeHotplugVolumes" if declarative else "HotplugVolumes"


def _certificates(given: Document) -> JsonValue:
    return {part: dict(child(given, part)) for part in ("ca", "server") if part in given} or None


def _or_none(given: Document) -> JsonValue:
    return dict(given) or None


def _migrations(spec: Document) -> JsonValue:
    return dict(child(spec, "liveMigrationConfig")) or None


_DEVICES: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("pciHostDevices", "pciHostDevices", {"pciDeviceSelector": "pciVendorSelector"}),
    ("usbHostDevices", "usb", {}),
    ("mediatedDevices", "mediatedDevices", {}),
)


def _devices(spec: Document) -> JsonValue:
    """Permitted devices, but for those that are disabled."""
    given = child(spec, "permittedHostDevices")
    found: Document = {}
    for ours, theirs, names in _DEVICES:
        kept: list[JsonValue] = [
            {names.get(key, key): value for key, value in device.items() if key != "disabled"}
            for device in objects(given, ours)
            if not flag(device, "disabled")
        ]
        if kept:
            found[theirs] = kept
    return found or None


def _mediated(spec: Document) -> JsonValue:
    given = child(spec, "mediatedDevicesConfiguration")
    if not given:
        return None
    made = _current_types(given)
    nodes: list[JsonValue] = [
        _current_types(node) for node in objects(given, "nodeMediatedDeviceTypes")
    ]
    if nodes:
        made["nodeMediatedDeviceTypes"] = nodes
    return made


def _current_types(given: Document) -> Document:
    """Types under their present name, which used to be another one."""
    types = items(given, "mediatedDeviceTypes") or items(given, "mediatedDevicesTypes")
    made: Document = {"mediatedDeviceTypes": types}
    if "nodeSelector" in given:
        made["nodeSelector"] = given["nodeSelector"]
    return made


def _options(spec: Document) -> JsonValue:
    given = child(spec, "virtualMachineOptions")
    return {name: {} for name in sorted(given) if given[name] is True} or None


def _obsolete(spec: Document) -> JsonValue:
    given = [str(model) for model in items(spec, "obsoleteCPUs", "cpuModels")]
    return dict.fromkeys((*_OBSOLETE, *given), True)


def _tls(spec: Document) -> JsonValue:
    profile = child(spec, "tlsSecurityProfile")
    kind = text(profile, "type")
    if kind in _TLS:
        return {"minTLSVersion": _TLS[kind]}
    custom = child(profile, "custom")
    made = {name: custom[name] for name in ("minTLSVersion", "ciphers") if custom.get(name)}
    return made or None


def _rates(hco: Document) -> Iterator[_Setting]:
    """Rate limits of the components' clients by the tuning policy."""
    limits = _tuned(hco)
    value: JsonValue = None
    if limits is not None:
        qps, burst = limits
        bucket: Document = {"qps": qps, "burst": burst}
        value = {"rateLimiter": {"tokenBucketRateLimiter": bucket}}
    for component in ("api", "controller", "handler", "webhook"):
        yield f"{component}Configuration/restClient", deepcopy(value)


def _tuned(hco: Document) -> tuple[JsonValue, JsonValue] | None:
    policy = text(hco, "spec", "tuningPolicy")
    if policy == "highBurst":
        return _HIGH_BURST
    given = child(hco, "metadata", "annotations").get(TUNING)
    if policy != "annotation" or not isinstance(given, str):
        return None
    import msgspec

    try:
        read: JsonValue = msgspec.json.decode(given)
    except msgspec.DecodeError:
        return None
    if not isinstance(read, dict) or not {"qps", "burst"} <= read.keys():
        return None
    return read["qps"], read["burst"]


def aware_quotas(hco: Document) -> Document | None:
    """The AAQ object that is wanted; None when there shall be none."""
    spec = child(hco, "spec")
    if not flag(spec, "enableApplicationAwareQuota"):
        return None
    given = child(spec, "applicationAwareConfig")
    method = text(given, "vmiCalcConfigName") or "DedicatedVirtualResources"
    made: Document = {
        "configuration": {
            "allowApplicationAwareClusterResourceQuota": flag(
                given, "allowApplicationAwareClusterResourceQuota"
            ),
            "vmiCalculatorConfiguration": {"configName": method},
        },
        "priorityClass": "kubevirt-cluster-critical",
    }
    if child(given, "namespaceSelector"):
        made["namespaceSelector"] = dict(child(given, "namespaceSelector"))
    return {
        "apiVersion": AAQ_KIND.api_version,
        "kind": AAQ_KIND.name,
        "metadata": {
            "name": AAQ_NAME,
            "labels": {"app": "kubevirt-hyperconverged"},
        },
        "spec": made,
    }
