"""What decoding and encoding in Go does to machines and instances.

Quantities come out in canonical form, and required scalars that were missing as zero values, which
the rules then find fault with in words of their own. Empty values of other fields are left out.
"""

from __future__ import annotations

from copy import deepcopy

from virtctl.local.api.shapes import Shape
from virtctl.models.documents import Document, JsonValue
from virtctl.wire.quantities import quantity_or_none
from virtctl.wire.quantitytext import printed

# By object: fields of which nothing is kept as it is given, switches and numbers for which off is
# the same as not there, and what is always there. Empty lists and maps are never there.
_KEPT_EMPTY: dict[str, frozenset[str]] = {
    "Clock": frozenset({"timezone"}),
    "ClaimSpec": frozenset({"storageClassName", "volumeAttributesClassName", "volumeMode"}),
    "DataVolumeSourceRef": frozenset({"namespace"}),
    "Disk": frozenset({"errorPolicy"}),
    "DnsOption": frozenset({"value"}),
    "Domain": frozenset({"ioThreadsPolicy", "rebootPolicy"}),
    "InstanceSpec": frozenset({"evictionStrategy", "startStrategy"}),
    "InstancetypeMatcher": frozenset({"inferFromVolumeFailurePolicy"}),
    "MachineSpec": frozenset({"runStrategy", "updateVolumesStrategy"}),
    "PanicDevice": frozenset({"model"}),
    "RegistrySource": frozenset({"certConfigMap", "imageStream", "pullMethod", "secretRef", "url"}),
    "ReservedOverhead": frozenset({"memLock"}),
    "ResourceClaim": frozenset({"resourceClaimName", "resourceClaimTemplateName"}),
    "StorageSpec": frozenset({"storageClassName", "volumeMode"}),
    "TopologySpread": frozenset({"nodeAffinityPolicy", "nodeTaintsPolicy"}),
    "TypedObjectReference": frozenset({"apiGroup", "namespace"}),
    "TypedReference": frozenset({"apiGroup"}),
    "UtilityVolume": frozenset({"type"}),
}
_OFF_IS_ABSENT: dict[str, frozenset[str]] = {
    "Devices": frozenset({"disableHotplug"}),
    "DiskTarget": frozenset({"readonly"}),
    "LunTarget": frozenset({"readonly", "reservation"}),
    "DataVolumeSource": frozenset({"hotpluggable"}),
    "ClaimVolume": frozenset({"readOnly"}),
    "HotplugClaimVolume": frozenset({"hotpluggable", "readOnly"}),
    "Apic": frozenset({"endOfInterrupt"}),
    "KvmFeatures": frozenset({"hidden"}),
    "MultusNetwork": frozenset({"default"}),
    "DomainResources": frozenset({"overcommitGuestOverhead"}),
    "DataVolumeSpec": frozenset({"finalCheckpoint"}),
    "UtilityVolume": frozenset({"readOnly"}),
    "Cpu": frozenset(
        {"cores", "dedicatedCpuPlacement", "isolateEmulatorThread", "maxSockets", "sockets"}
        | {"threads"}
    ),
    "CustomBlockSize": frozenset({"logical", "physical"}),
    "InstanceProbe": frozenset(
        {"failureThreshold", "initialDelaySeconds", "periodSeconds", "successThreshold"}
        | {"timeoutSeconds"}
    ),
    "Interface": frozenset({"acpiIndex"}),
}
_ALWAYS_THERE: dict[str, tuple[str, JsonValue]] = {
    "ClaimSpec": ("resources", {}),
    "Features": ("acpi", {}),
    "HostDisk": ("capacity", "0"),
    "ResourceReference": ("divisor", "0"),
    "StorageSpec": ("resources", {}),
}
_ZERO: dict[str, JsonValue] = {"string": "", "integer": 0, "number": 0, "boolean": False}


def is_filled(shape: Shape) -> bool:
    """Whether a required field of this shape gets a zero value when it is missing."""
    return shape.json in _ZERO


def canonical(shape: Shape, document: Document) -> Document:
    """``document`` as it would come back; unreadable quantities are left."""
    result = _canonical(shape, document)
    return result if isinstance(result, dict) else document


def _canonical(shape: Shape, value: JsonValue) -> JsonValue:
    if shape.fact.is_quantity:
        return value if quantity_or_none(value) is None else printed(str(value).strip())
    if isinstance(value, dict):
        return _canonical_object(shape, value)
    if isinstance(value, list) and shape.items is not None:
        return [_canonical(shape.items, item) for item in value]
    return value


def _is_left_out(shape: Shape, name: str, value: JsonValue) -> bool:
    """Whether Go leaves out the field ``name`` for its being empty."""
    if value or value is None or name in shape.required:
        return False
    model = shape.model.__name__ if shape.model else ""
    inner = shape.fields[name]
    match inner.json:
        case "string":
            return name not in _KEPT_EMPTY.get(model, frozenset())
        case "array":
            return True
        case "object":
            return inner.values is not None
        case _:
            return name in _OFF_IS_ABSENT.get(model, frozenset())


def _canonical_object(shape: Shape, value: Document) -> Document:
    result: Document = {}
    model = shape.model.__name__ if shape.model else ""
    for name, member in value.items():
        inner = shape.fields.get(name)
        if inner is not None and _is_left_out(shape, name, member):
            continue
        inner = inner or shape.values
        result[name] = member if inner is None else _canonical(inner, member)
    if model in _ALWAYS_THERE:
        name, there = _ALWAYS_THERE[model]
        result.setdefault(name, deepcopy(there))
    for name in shape.required:
        inner = shape.fields[name]
        if result.get(name) is None and inner.json in _ZERO:
            result[name] = _ZERO[inner.json]
    return result
