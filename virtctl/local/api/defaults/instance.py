"""Defaults of a VirtualMachineInstance, filled in at create; the order is that of KubeVirt."""

from __future__ import annotations

from virtctl.local.api.context import AdmissionContext
from virtctl.local.api.defaults import devices, features, processor
from virtctl.local.api.defaults.machine import annotate_topology, default_platform
from virtctl.models import documents
from virtctl.models.documents import Document, JsonValue

FINALIZER = "kubevirt.io/foregroundDeleteVirtualMachine"
_PROBES = ("livenessProbe", "readinessProbe")
_PROBE_DEFAULTS = {
    "timeoutSeconds": 1,
    "periodSeconds": 10,
    "successThreshold": 1,
    "failureThreshold": 3,
}
EMULATOR_PARITY = "alpha.kubevirt.io/EmulatorThreadCompleteToEvenParity"
QUOTE_SERVICE = "kubevirt.io/qgs-socket-path"
_QUOTE_SOCKET = "/var/run/tdx-qgs/qgs.socket"
_RUNTIME_USER = 107  # the user that owns launcher processes and their files


def default_instance(document: Document, context: AdmissionContext) -> None:
    """Fill in an instance's spec, metadata and first status, in place."""
    spec = documents.ensure(document, "spec")
    default_spec(spec, context)
    annotate_topology(document, spec)
    devices.default_disks(spec)
    features.default_features(spec)
    _default_firmware(spec, context)
    _note_parity(document, context)
    _note_quote_service(document, context)
    _default_probes(spec)
    processor.default_model(spec, context)
    if context.is_live_update and spec["architecture"] != "arm64":
        processor.default_hotplug_limits(spec, context)
    _first_status(document, spec, context)
    finalizers = documents.items(document, "metadata", "finalizers")
    if FINALIZER not in finalizers:
        documents.put(document, [*finalizers, FINALIZER], "metadata", "finalizers")


def default_spec(spec: Document, context: AdmissionContext) -> None:
    """Fill in what the rules of machines count on, too, in place.

    Raises ``devices.Undefaultable`` when the cluster's binding cannot be used.
    """
    documents.ensure(spec, "domain", "resources")
    default_platform(spec, context)
    processor.default_resources(spec, context)
    processor.default_memory(spec)
    processor.default_topology(spec)
    devices.default_pull_policies(spec)
    if spec.get("evictionStrategy") is None:
        spec["evictionStrategy"] = (
            documents.text(context.configuration, "evictionStrategy") or "None"
        )
    devices.default_network(spec, context)
    spec.update(devices.with_missing_disks(spec))


def _default_firmware(spec: Document, context: AdmissionContext) -> None:
    """An identity; on arm64 EFI, which has no signed images there, so without secure boot."""
    firmware = documents.ensure(spec, "domain", "firmware")
    if not firmware.get("uuid"):
        firmware["uuid"] = context.new_uuid()
    if spec["architecture"] != "arm64":
        return
    if firmware.get("bootloader") is None:
        firmware["bootloader"] = {"efi": {}}
    efi = documents.find(firmware, "bootloader", "efi")
    if isinstance(efi, dict):
        efi.setdefault("secureBoot", False)


def _note_parity(document: Document, context: AdmissionContext) -> None:
    """Whether the emulator gets a second CPU to make the pod's count even, as the cluster says."""
    isolated = documents.flag(document, "spec", "domain", "cpu", "isolateEmulatorThread")
    if isolated and EMULATOR_PARITY in context.cluster_notes and context.has_gate("AlignCPUs"):
        documents.put(document, "", "metadata", "annotations", EMULATOR_PARITY)


def _note_quote_service(document: Document, context: AdmissionContext) -> None:
    """Where a TDX guest gets its quotes signed."""
    if documents.find(document, "spec", "domain", "launchSecurity", "tdx") is None:
        return
    path = ("confidentialCompute", "tdx", "attestation", "qgsSocketPath")
    socket = documents.find(context.configuration, *path)
    socket = _QUOTE_SOCKET if socket is None else socket
    if socket:
        documents.put(document, socket, "metadata", "annotations", QUOTE_SERVICE)


def _default_probes(spec: Document) -> None:
    for name in _PROBES:
        probe = documents.find(spec, name)
        if isinstance(probe, dict):
            for field, value in _PROBE_DEFAULTS.items():
                if not probe.get(field):
                    probe[field] = value


def _first_status(document: Document, spec: Document, context: AdmissionContext) -> None:
    status = documents.ensure(document, "status")
    status["phase"] = "Pending"
    transition: Document = {"phase": "Pending", "phaseTransitionTimestamp": context.now}
    status["phaseTransitionTimestamps"] = [transition]
    if not context.has_gate("Root"):
        status["runtimeUser"] = _RUNTIME_USER
    else:
        status.setdefault("runtimeUser", 0)
    status.setdefault("guestOSInfo", {})
    cpu = documents.child(spec, "domain", "cpu")
    topology: Document = {
        name: cpu[name] for name in ("sockets", "cores", "threads") if cpu.get(name)
    }
    status.setdefault("currentCPUTopology", topology)
    guest: JsonValue = documents.find(spec, "domain", "memory", "guest")
    if guest is not None:
        status["memory"] = {"guestAtBoot": guest, "guestCurrent": guest, "guestRequested": guest}


def keep_status(document: Document, old: Document) -> None:
    """Put back the status that a user's update cannot change."""
    if "status" in old:
        document["status"] = old["status"]
    else:
        document.pop("status", None)
