"""Rules of the KubeVirt object, worded as virt-operator's webhook words them.

Where its pods may run is not checked beyond the schema.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import msgspec

from virtctl.errors import ApiError, Cause
from virtctl.local.api.context import AdmissionContext, Stored
from virtctl.local.api.rules.causes import invalid, not_supported
from virtctl.models import documents, kinds
from virtctl.models.documents import Document
from virtctl.wire.quantities import QuantityError, parse_duration

CREATOR = "kubevirt-create-validator.kubevirt.io"
UPDATER = "kubevirt-update-validator.kubevirt.io"
REMOVER = "kubevirt-validator.kubevirt.io"
_CONFIGURATION = "spec.configuration"
_GENERAL = (
    "AutoResourceLimitsGate", "BochsDisplayForEFIGuests", "CPUNodeDiscovery", "ClusterProfiler",
    "CommonInstancetypesDeploymentGate", "DisableCustomSELinuxPolicy",
    "DynamicPodInterfaceNaming", "EnableVirtioFsConfigVolumes", "ExpandDisks", "GPU",
    "HotplugNICs", "InstancetypeReferencePolicy", "LibvirtHooksServerAndClient",
    "LiveMigration", "LiveUpdateNADRef", "MigrationPriorityQueue", "NUMA",
    "NetworkBindingPlugins", "NonRoot", "PSA", "PanicDevices", "PersistentReservation",
    "SRIOVLiveMigration", "SecureExecution", "VMExport", "VMLiveUpdateFeatures",
    "VMPersistentState", "VideoConfig", "VmiMemoryOverheadReport", "VolumeMigration",
    "VolumesUpdateStrategy",
)  # fmt: skip
_RETIRED = {
    "DockerSELinuxMCSWorkaround": "DockerSELinuxMCSWorkaround has been deprecated since v1.4.",
    "ExperimentalVirtiofsSupport": (
        "Virtiofs ExperimentalVirtiofsSupport feature gate is discontinued since v1.7. Please use "
        "EnableVirtioFsConfigVolumes or EnableVirtioFsPVC feature gates instead"
    ),
    "Passt": (
        "Passt network binding is discontinued since v1.3. Please refer to Kubevirt user guide "
        "for alternatives."
    ),
    "Macvtap": (
        "Macvtap network binding is discontinued since v1.3. Please refer to Kubevirt user guide "
        "for alternatives."
    ),
    "PasstIPStackMigration": (
        "Seamless migration with passt network binding plugin is no longer supported since "
        "KubeVirt v1.8. Please use the passt core binding instead."
    ),
    "MultiArchitecture": "MultiArchitecture has been deprecated since v1.8.0",
    "DisableMDEVConfiguration": "DisableMDEVConfiguration has been deprecated since v1.8.0",
    "HotplugVolumes": (
        "HotplugVolumes has been deprecated since v1.9.0 and has been replaced by "
        "DeclarativeHotplugVolumes"
    ),
}
_EXCHANGES = ("ECDHE_ECDSA", "ECDHE_RSA")
_CIPHERS = frozenset(
    [
        "TLS_AES_128_GCM_SHA256",
        "TLS_AES_256_GCM_SHA384",
        "TLS_CHACHA20_POLY1305_SHA256",
        "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA",
        "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
        *(f"TLS_{exchange}_WITH_CHACHA20_POLY1305_SHA256" for exchange in _EXCHANGES),
        *(
            f"TLS_{exchange}_WITH_{cipher}"
            for exchange in (*_EXCHANGES, "RSA")
            for cipher in (
                "RC4_128_SHA", "AES_128_CBC_SHA", "AES_256_CBC_SHA", "AES_128_CBC_SHA256",
                "AES_128_GCM_SHA256", "AES_256_GCM_SHA384",
            )
        ),
    ]
)  # fmt: skip
_WORKLOADS = (
    (kinds.VIRTUAL_MACHINE_INSTANCE, "Virtual Machine Instances"),
    (kinds.VIRTUAL_MACHINE, "Virtual Machines"),
    (kinds.INSTANCE_REPLICA_SET, "Virtual Machine Instance Replica Sets"),
)


def installation_causes(document: Document, context: AdmissionContext) -> Iterator[Cause]:
    """What is wrong with a KubeVirt object. Raises ``ApiError`` for a second one."""
    if context.old is None:
        for _ in context.list(kinds.KUBEVIRT, ""):
            raise ApiError(_denied(CREATOR, "Kubevirt is already created"), code=400, reason="")
        return
    before, spec = documents.child(context.old, "spec"), documents.child(document, "spec")
    yield from _patch_causes(spec)
    yield from _certificate_causes(documents.child(spec, "certificateRotateStrategy", "selfSigned"))
    yield from _configuration_causes(before, spec)
    if documents.find(spec, "infra", "replicas") == 0:
        yield invalid("", "infra replica count can't be 0")
    if _gates_changed(before, spec):
        yield from _gate_causes(spec)
        context.warnings.extend(_gate_warnings(spec))
    context.warnings.extend(_configuration_warnings(documents.child(spec, "configuration")))


def check_removal(installed: Document, stored: Stored) -> None:
    """Refuse to remove KubeVirt from under what runs on it, where it says so.

    Raises ``ApiError``.
    """
    if documents.text(installed, "spec", "uninstallStrategy") != "BlockUninstallIfWorkloadsExist":
        return
    if documents.text(installed, "status", "phase") != "Deployed":
        return
    for kind, called in _WORKLOADS:
        for _ in stored.list(kind, ""):
            why = (
                f"Rejecting the uninstall request, since there are still {called} present. Either "
                "delete all KubeVirt related workloads or change the uninstall strategy before "
                "uninstalling KubeVirt."
            )
            raise ApiError(_denied(REMOVER, why), code=400, reason="")


def _denied(webhook: str, why: str) -> str:
    return f'admission webhook "{webhook}" denied the request: {why}'


def _patch_causes(spec: Document) -> Iterator[Cause]:
    for patch in documents.objects(spec, "customizeComponents", "patches"):
        text = documents.text(patch, "patch")
        try:
            msgspec.json.decode(text)
        except msgspec.DecodeError:
            quoted = msgspec.json.encode(text).decode()
            yield not_supported("", f"patch {quoted} is not valid JSON")


def _certificate_causes(signed: Document) -> Iterator[Cause]:
    older = ("caRotateInterval", "certRotateInterval", "caOverlapInterval")
    if any(name in signed for name in older) and ("ca" in signed or "server" in signed):
        problem = (
            "caRotateInterval, certRotateInterval and caOverlapInterval are deprecated and "
            "conflict with CertConfig defined rotation parameters"
        )
        yield not_supported("", problem)
    ca, server = documents.child(signed, "ca"), documents.child(signed, "server")
    lasts = _first(timedelta(days=7), signed.get("caRotateInterval"), ca.get("duration"))
    renewed = _first(lasts * 0.2, signed.get("caOverlapInterval"), ca.get("renewBefore"))
    served = _first(timedelta(days=1), signed.get("certRotateInterval"), server.get("duration"))
    path = "spec.certificateRotationStrategy.selfSigned"
    if lasts < renewed:
        problem = f"({path}.ca.duration < {path}.ca.renewBefore)"
        yield invalid("", f"CA RenewBefore cannot exceed Duration {problem}")
    if served < _first(served * 0.2, server.get("renewBefore")):
        problem = f"({path}.server.duration < {path}.server.renewBefore)"
        yield invalid("", f"Cert RenewBefore cannot exceed Duration {problem}")
    if served > lasts:
        problem = f"({path}.server.duration > {path}.ca.duration)"
        yield invalid("", f"Certificate duration cannot exceed CA {problem}")


def _first(otherwise: timedelta, *given: object) -> timedelta:
    """The first duration that is given; one that cannot be read was refused before."""
    for text in given:
        if isinstance(text, str):
            try:
                return parse_duration(text)
            except QuantityError:
                continue
    return otherwise


def _configuration_causes(before: Document, spec: Document) -> Iterator[Cause]:
    old, new = documents.child(before, "configuration"), documents.child(spec, "configuration")
    context = AdmissionContext(configuration=new)
    yield from _ratio_causes(new)
    template = documents.flag(new, "virtTemplateDeployment", "enabled")
    if template and not context.has_gate("Template"):
        problem = (
            "VirtTemplateDeployment cannot be enabled without enabling the Template feature gate"
        )
        yield invalid(f"{_CONFIGURATION}.virtTemplateDeployment.enabled", problem)
    by_hand = documents.text(new, "roleAggregationStrategy") not in {"", "AggregateToDefault"}
    if by_hand and not context.has_gate("OptOutRoleAggregation"):
        problem = (
            "RoleAggregationStrategy cannot be set to Manual without enabling the "
            "OptOutRoleAggregation feature gate"
        )
        yield invalid(f"{_CONFIGURATION}.roleAggregationStrategy", problem)
    yield from _downtime_causes(old, new, context)
    if old.get("tlsConfiguration") != new.get("tlsConfiguration"):
        yield from _tls_causes(documents.child(new, "tlsConfiguration"))
    if old.get("seccompConfiguration") != new.get("seccompConfiguration"):
        yield from _seccomp_causes(documents.child(new, "seccompConfiguration"))


def _ratio_causes(configuration: Document) -> Iterator[Cause]:
    text = configuration.get("additionalGuestMemoryOverheadRatio")
    if not isinstance(text, str):
        return
    try:
        ratio = float(text)
    except ValueError:
        why = f'strconv.ParseFloat: parsing "{text}": invalid syntax'
        yield not_supported("", f"ratio provided, {text}, cannot be parsed into float: {why}")
        return
    if ratio < 1:
        yield not_supported("", f"ratio provided, {text}, cannot be smaller than 1.0")


def _downtime_causes(old: Document, new: Document, context: AdmissionContext) -> Iterator[Cause]:
    downtime = documents.find(new, "migrations", "maxDowntimeMs")
    if downtime is None or downtime == documents.find(old, "migrations", "maxDowntimeMs"):
        return
    gates = ("MigrationStallDetection", "MigrationDowntimeTuning")
    if not any(context.has_gate(gate) for gate in gates):
        problem = (
            f"maxDowntimeMs cannot be modified without enabling the {' or '.join(gates)} "
            "feature gate"
        )
        yield invalid(f"{_CONFIGURATION}.migrationConfiguration.maxDowntimeMs", problem)


def _tls_causes(settings: Document) -> Iterator[Cause]:
    path = f"{_CONFIGURATION}.tlsConfiguration"
    ciphers = documents.items(settings, "ciphers")
    if documents.text(settings, "minTLSVersion") in {"", "VersionTLS13"}:
        if ciphers:
            problem = (
                f"You cannot specify ciphers when {path}.minTLSVersion is empty or VersionTLS13"
            )
            yield not_supported(f"{path}.ciphers", problem)
        return
    for position, cipher in enumerate(ciphers):
        if cipher not in _CIPHERS:
            yield not_supported(f"{path}.ciphers#{position}", f"{cipher} is not a valid cipher")


def _seccomp_causes(settings: Document) -> Iterator[Cause]:
    profile = settings.get("virtualMachineInstanceProfile")
    if not isinstance(profile, dict):
        return
    path = f"{_CONFIGURATION}.seccompConfiguration.virtualMachineInstanceProfile.customProfile"
    custom = profile.get("customProfile")
    if not isinstance(custom, dict):
        yield invalid(path, f"{path} needs to be set")
    elif "localhostProfile" in custom and documents.flag(custom, "runtimeDefaultProfile"):
        pair = (f"{path}.localhostProfile", f"{path}.runtimeDefaultProfile")
        for field, other in (pair, pair[::-1]):
            yield invalid(field, f"{field} cannot be set when {other} is set")


def _gates(spec: Document, name: str) -> list[str]:
    gates = documents.items(spec, "configuration", "developerConfiguration", name)
    return [str(gate) for gate in gates]


def _gates_changed(before: Document, spec: Document) -> bool:
    """Leaving all gates out is no change."""
    if documents.find(spec, "configuration", "developerConfiguration") is None:
        return False
    if documents.find(before, "configuration", "developerConfiguration") is None:
        return True
    return any(
        _gates(before, name) != _gates(spec, name)
        for name in ("featureGates", "disabledFeatureGates")
    )


def _gate_causes(spec: Document) -> Iterator[Cause]:
    disabled = _gates(spec, "disabledFeatureGates")
    for gate in _gates(spec, "featureGates"):
        if gate in disabled:
            problem = (
                f'feature gate "{gate}" exists on both "FeatureGates" and "DisabledFeatureGates"'
            )
            field = f"{_CONFIGURATION}.developerConfiguration.featureGates"
            yield Cause("FieldValueForbidden", problem, field)


def _gate_warnings(spec: Document) -> Iterator[str]:
    for gate in _gates(spec, "featureGates"):
        if gate in _RETIRED:
            yield _RETIRED[gate]
        elif gate in _GENERAL:
            yield (
                f'feature gate {gate} is deprecated (feature state is "General Availability"), '
                "therefore it can be safely removed and is redundant. For more info, please look "
                "at: https://github.com/kubevirt/kubevirt/blob/main/docs/deprecation.md"
            )


def _configuration_warnings(configuration: Document) -> Iterator[str]:
    path = f"{_CONFIGURATION}.mediatedDevicesConfiguration"
    devices = documents.child(configuration, "mediatedDevicesConfiguration")
    if "mediatedDevicesTypes" in devices:
        yield f"{path}.mediatedDevicesTypes is deprecated, use mediatedDeviceTypes"
    for position, types in enumerate(documents.objects(devices, "nodeMediatedDeviceTypes")):
        if "mediatedDevicesTypes" in types:
            field = f"{path}.nodeMediatedDeviceTypes[{position}].mediatedDevicesTypes"
            yield f"{field} is deprecated, use mediatedDeviceTypes"
    if documents.find(configuration, "architectureConfiguration", "ppc64le") is not None:
        yield (
            f"{_CONFIGURATION}.architectureConfiguration.ppc64le is deprecated and no longer "
            "supported."
        )
