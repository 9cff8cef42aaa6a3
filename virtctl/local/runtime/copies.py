"""Machines made from others: what a copy has of its original, and what is its own. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from copy import deepcopy

import msgspec

from virtctl.errors import BadRequest
from virtctl.local.runtime.versions import OBSERVED
from virtctl.models.documents import (
    Document,
    JsonValue,
    child,
    find,
    items,
    objects,
    strings,
    text,
)
from virtctl.models.kinds import VIRTUAL_MACHINE
from virtctl.wire.jsonpatches import apply_json_patch

_NEEDED = {"restore.kubevirt.io/lastRestoreUID"}
"""Annotations that a restore under way is known by."""
_OWN = (*OBSERVED, "kubectl.kubernetes.io/last-applied-configuration")
_DEVICES = ("template", "spec", "domain", "devices")


def copy_of(machine: Document, name: str, namespace: str) -> Document:
    """A new machine like ``machine`` (its ``metadata`` and ``spec``).

    Addresses and the identity of the firmware are left out, so that the copy gets its own.
    """
    spec = deepcopy(child(machine, "spec"))
    for interface in objects(spec, *_DEVICES, "interfaces"):
        interface.pop("macAddress", None)
    firmware = child(spec, "template", "spec", "domain", "firmware")
    for field in ("uuid", "serial"):
        firmware.pop(field, None)
    metadata: Document = {"name": name, "namespace": namespace}
    annotations = {
        key: value
        for key, value in strings(machine, "metadata", "annotations").items()
        if key not in _OWN
    }
    for field, found in (
        ("labels", strings(machine, "metadata", "labels")),
        ("annotations", annotations),
    ):
        if found:
            metadata[field] = dict(found)
    return {
        "apiVersion": VIRTUAL_MACHINE.api_version,
        "kind": VIRTUAL_MACHINE.name,
        "metadata": metadata,
        "spec": spec,
    }


def data_volumes(machine: Document) -> list[str]:
    """Names of a machine's volumes whose data is on claims."""
    return [
        text(volume, "name")
        for volume in objects(machine, "spec", "template", "spec", "volumes")
        if "persistentVolumeClaim" in volume or "dataVolume" in volume
    ]


def set_addresses(machine: Document, addresses: Mapping[str, str]) -> None:
    """Give interfaces the MAC addresses that are meant for them, in place."""
    for interface in objects(machine, "spec", *_DEVICES, "interfaces"):
        if text(interface, "name") in addresses:
            interface["macAddress"] = addresses[text(interface, "name")]


def patched(machine: Document, patches: Iterable[JsonValue]) -> Document:
    """``machine`` after JSON patches (RFC 6902) that are given as text. Raises ``ApiError``."""
    for one in patches:
        if not isinstance(one, str):
            raise BadRequest("a patch must be the text of a JSON patch")
        try:
            body: JsonValue = msgspec.json.decode(one)
        except msgspec.DecodeError as error:
            raise BadRequest(f"a patch is not JSON: {error}") from error
        operations: JsonValue = body if isinstance(body, list) else [body]
        machine = apply_json_patch(machine, operations)
    return machine


def select(document: Document, field: str, filters: Document, name: str) -> None:
    """Keep, in ``metadata.<field>``, only the keys that the patterns of a filter let through.

    As in KubeVirt, patterns are regular expressions that match somewhere in a key, ``*`` alone
    matches all, and one that begins with ``!`` takes out of what the others let through: without
    others nothing stays. What is no expression matches nothing. No filter keeps all.
    """
    if find(filters, name) is None:
        return
    patterns = [one for one in items(filters, name) if isinstance(one, str)]
    wanted = [".*" if one == "*" else one for one in patterns if not one.startswith("!")]
    unwanted = [one.removeprefix("!") for one in patterns if one.startswith("!")]
    metadata = child(document, "metadata")
    kept: Document = {
        key: value
        for key, value in strings(metadata, field).items()
        if key in _NEEDED
        or (
            any(_matches(one, key) for one in wanted)
            and not any(_matches(one, key) for one in unwanted)
        )
    }
    if field in metadata:
        metadata[field] = kept


def _matches(pattern: str, key: str) -> bool:
    try:
        return re.search(pattern, key) is not None
    except re.error:
        return False
