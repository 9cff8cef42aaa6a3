"""A VirtualMachineClone out of ``create clone``'s flags."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from virtctl.errors import UsageError
from virtctl.manifests.params import parse_error
from virtctl.models.documents import Document, JsonValue

_VM: Document = {"apiGroup": "kubevirt.io", "kind": "VirtualMachine"}
_SNAPSHOT: Document = {"apiGroup": "snapshot.kubevirt.io", "kind": "VirtualMachineSnapshot"}
_TARGETS = dict.fromkeys(("vm", "VM", "VirtualMachine", "virtualmachine"), _VM)
_SNAPSHOTS = ("snapshot", "VirtualMachineSnapshot", "vmsnapshot", "VMSnapshot")
_SOURCES = _TARGETS | dict.fromkeys(_SNAPSHOTS, _SNAPSHOT)


@dataclass
class Wish:
    """The flags of ``create clone``; filters are taken as they are."""

    source: str
    name: str = ""
    namespace: str | None = None
    source_type: str = ""
    target: str = ""
    target_type: str = ""
    labels: list[str] = field(default_factory=list)
    annotations: list[str] = field(default_factory=list)
    template_labels: list[str] = field(default_factory=list)
    template_annotations: list[str] = field(default_factory=list)
    mac_addresses: list[str] = field(default_factory=list)
    serial: str = ""


def build(wish: Wish, random: Callable[[], str]) -> Document:
    """The manifest; ``random`` gives five characters for the name. Raises ``UsageError``."""
    if not wish.source:
        raise parse_error("source-name", "name cannot be empty")
    metadata: Document = {"name": wish.name or f"clone-{random()}"}
    if wish.namespace:
        metadata["namespace"] = wish.namespace
    source = _reference("source", wish.source_type, _SOURCES)
    target = _reference("target", wish.target_type, _TARGETS)
    template = _filters(
        labelFilters=wish.template_labels, annotationFilters=wish.template_annotations
    )
    spec: Document = {
        "source": {**source, "name": wish.source},
        "target": {**target, "name": wish.target},
        "template": template,
        **_filters(labelFilters=wish.labels, annotationFilters=wish.annotations),
    }
    if wish.mac_addresses:
        spec["newMacAddresses"] = _addresses(wish.mac_addresses)
    if wish.serial:
        spec["newSMBiosSerial"] = wish.serial
    return {
        "apiVersion": "clone.kubevirt.io/v1beta1",
        "kind": "VirtualMachineClone",
        "metadata": metadata,
        "spec": spec,
        "status": {},
    }


def _reference(side: str, word: str, known: dict[str, Document]) -> Document:
    found = known.get(word or "vm")
    if found is None:
        names = ", ".join(
            dict.fromkeys("vm" if kind is _VM else "vmsnapshot" for kind in known.values())
        )
        raise UsageError(f"{side} type {word} is not supported, supported types are: {names}")
    return found


def _filters(**lists: list[str]) -> Document:
    return {name: list[JsonValue](words) for name, words in lists.items() if words}


def _addresses(words: list[str]) -> Document:
    found: Document = {}
    for word in words:
        interface, _, address = word.partition(":")
        if not interface or not address or ":" in address:
            raise UsageError(
                f"invalid argument `{word}` for flag `--new-mac-address`: must be INTERFACE:MAC",
                "write the address with dashes, as in `eth0:02-00-5e-00-53-01`",
            )
        found[interface] = address
    return found
