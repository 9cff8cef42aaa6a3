"""What decoding and encoding in Go does to machines and instances.

Quantities come out in canonical form, and required scalars that were missing as zero values, which
the rules then find fault with in words of their own.
"""

from __future__ import annotations

from virtctl.local.api.shapes import Shape
from virtctl.models.documents import Document, JsonValue
from virtctl.wire.quantities import quantity_or_none

# By object: switches for which off is the same as not there, and sizes that are always there.
_OFF_IS_ABSENT: dict[str, frozenset[str]] = {
    "Cpu": frozenset({"dedicatedCpuPlacement", "isolateEmulatorThread"}),
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
}
_ALWAYS_THERE: dict[str, tuple[str, str]] = {"HostDisk": ("capacity", "0")}
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
        quantity = quantity_or_none(value)
        return value if quantity is None else str(quantity)
    if isinstance(value, dict):
        return _canonical_object(shape, value)
    if isinstance(value, list) and shape.items is not None:
        return [_canonical(shape.items, item) for item in value]
    return value


def _canonical_object(shape: Shape, value: Document) -> Document:
    result: Document = {}
    model = shape.model.__name__ if shape.model else ""
    off_is_absent = _OFF_IS_ABSENT.get(model, frozenset())
    for name, member in value.items():
        if member is False and name in off_is_absent:
            continue
        inner = shape.fields.get(name) or shape.values
        result[name] = member if inner is None else _canonical(inner, member)
    if model in _ALWAYS_THERE:
        result.setdefault(*_ALWAYS_THERE[model])
    for name in shape.required:
        inner = shape.fields[name]
        if result.get(name) is None and inner.json in _ZERO:
            result[name] = _ZERO[inner.json]
    return result
