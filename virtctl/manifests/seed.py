"""cloud-init data that is too long for a machine's manifest, moved into a Secret."""

from __future__ import annotations

import base64
import binascii

from virtctl.models.documents import Document, child, name_of, namespace_of, objects

LIMIT = 2048
"""Bytes that KubeVirt takes of each kind of data inside a manifest."""

_SOURCES = ("cloudInitNoCloud", "cloudInitConfigDrive")
_KINDS = (
    # plain field, base64 field, field of the reference, key in the secret
    ("userData", "userDataBase64", "secretRef", "userdata"),
    ("networkData", "networkDataBase64", "networkDataSecretRef", "networkdata"),
)


def outsource(vm: Document) -> Document | None:
    """Move data beyond the limit out of ``vm``, changed in place; the Secret, or None."""
    data: Document = {}
    name = f"{name_of(vm)}-cloud-init"
    for volume in objects(child(vm, "spec", "template", "spec"), "volumes"):
        for source in _SOURCES:
            if source in volume:
                _move(child(volume, source), name, data)
    if not data:
        return None
    metadata: Document = {"name": name}
    if namespace_of(vm):
        metadata["namespace"] = namespace_of(vm)
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data}


def _move(source: Document, name: str, data: Document) -> None:
    for plain, coded, reference, key in _KINDS:
        content = _content(source, plain, coded)
        if len(content) > LIMIT:
            source.pop(plain, None)
            source.pop(coded, None)
            source[reference] = {"name": name}
            data[key] = base64.b64encode(content).decode()


def _content(source: Document, plain: str, coded: str) -> bytes:
    value, encoded = source.get(plain), source.get(coded)
    if isinstance(value, str):
        return value.encode()
    if isinstance(encoded, str):
        try:
            return base64.b64decode(encoded)
        except binascii.Error:
            return b""  # the server will say what is wrong with it
    return b""


def owned(vm: Document) -> Document:
    """A merge patch that makes ``vm``, as created, the owner of its secret."""
    owner: Document = {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachine",
        "name": name_of(vm),
        "uid": child(vm, "metadata").get("uid", ""),
    }
    return {"metadata": {"ownerReferences": [owner]}}
