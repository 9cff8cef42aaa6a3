"""Access credentials that the guest agent hands to users: whose secrets, and what changes in them.

Data keys and paths are those of ``spec.template.spec.accessCredentials`` and of Secrets.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator

from virtctl.errors import VirtctlError
from virtctl.models.documents import (
    Document,
    JsonValue,
    child,
    find,
    items,
    name_of,
    objects,
    strings,
    text,
    uid_of,
)

_LIST = "/spec/template/spec/accessCredentials"


def ssh_secrets(vm: Document, user: str) -> list[str]:
    """Names of secrets whose keys the agent gives to ``user``."""
    return [
        name
        for part in _parts(vm, "sshPublicKey")
        if user in items(part, "propagationMethod", "qemuGuestAgent", "users")
        and (name := _secret(part))
    ]


def password_secrets(vm: Document) -> list[str]:
    """Names of secrets whose passwords the agent sets."""
    return [
        name
        for part in _parts(vm, "userPassword")
        if find(part, "propagationMethod", "qemuGuestAgent") is not None and (name := _secret(part))
    ]


def _parts(vm: Document, field: str) -> Iterator[Document]:
    for credential in objects(vm, "spec", "template", "spec", "accessCredentials"):
        part = child(credential, field)
        if part:
            yield part


def _secret(part: Document) -> str:
    return text(part, "source", "secret", "secretName")


def choose(names: list[str], wanted: str, nobody: str) -> str:
    """The one secret meant: ``wanted``, or the only one.

    Raises ``VirtctlError``, with the words ``nobody`` when there is none.
    """
    if not names:
        raise VirtctlError(nobody)
    if wanted:
        if wanted not in names:
            raise VirtctlError(
                f"secret {wanted} was not assigned", f"there are: {', '.join(names)}"
            )
        return wanted
    if len(set(names)) > 1:
        raise VirtctlError("multiple secrets specified", f"use --secret: {', '.join(names)}")
    return names[0]


def check_owner(secret: Document, vm: Document) -> None:
    """Raise ``VirtctlError`` unless ``secret`` belongs to ``vm``: others may use it, too."""
    owners = child(secret, "metadata").get("ownerReferences")
    owned = isinstance(owners, list) and any(
        isinstance(one, dict) and one.get("uid") == uid_of(vm) for one in owners
    )
    if not owned:
        raise VirtctlError(
            f"secret {name_of(secret)} has no owner reference to VM {name_of(vm)}",
            "--force changes it nevertheless",
        )


def new_secret(vm: Document, key: str, value: str) -> Document:
    """A secret of ``vm``'s own with one entry; the server chooses its name."""
    owner: Document = {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachine",
        "name": name_of(vm),
        "uid": uid_of(vm),
        "controller": True,
    }
    metadata: Document = {
        "generateName": f"{name_of(vm)}-ssh-key-",
        "ownerReferences": [owner],
    }
    data: Document = {key: encoded(value)}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data}


def assign(secret: str, user: str, *, first: bool = False) -> list[JsonValue]:
    """A JSON patch of a machine that gives ``user`` the keys of ``secret``.

    ``first`` makes the list, and fails when there is one by now.
    """
    given: Document = {
        "sshPublicKey": {
            "source": {"secret": {"secretName": secret}},
            "propagationMethod": {"qemuGuestAgent": {"users": [user]}},
        }
    }
    add: Document = {"op": "add", "path": f"{_LIST}/-", "value": given}
    if not first:
        return [add]
    return [
        {"op": "test", "path": _LIST, "value": None},
        {"op": "add", "path": _LIST, "value": []},
        add,
    ]


def entry(key: str, value: str, *, first: bool = False) -> list[JsonValue]:
    """A JSON patch of a secret that sets one entry.

    ``first`` makes the data, and fails when there are some by now.
    """
    pointer = key.replace("~", "~0").replace("/", "~1")
    add: Document = {"op": "add", "path": f"/data/{pointer}", "value": encoded(value)}
    if not first:
        return [add]
    return [
        {"op": "test", "path": "/data", "value": None},
        {"op": "add", "path": "/data", "value": {}},
        add,
    ]


def holds(secret: Document, key: str) -> bool:
    """Whether one of the lines of ``secret`` is this SSH key, with or without a comment."""
    wanted = key.strip()
    lines = (line.strip() for text_ in _texts(secret) for line in text_.splitlines())
    return any(line == wanted or line.startswith(f"{wanted} ") for line in lines)


def without(secret: Document, key: str) -> Document:
    """``secret`` without the lines that begin with ``key``, empty lines, and entries left empty."""
    wanted = key.strip()
    data: Document = {}
    for name, value in strings(secret, "data").items():
        lines = [line for line in decoded(value).splitlines() if line.strip()]
        kept = [line for line in lines if not line.strip().startswith(wanted)]
        if kept:
            data[name] = encoded("\n".join(kept))
    kept_data: Document = {"data": data} if data else {}
    return {key: value for key, value in secret.items() if key != "data"} | kept_data


def _texts(secret: Document) -> Iterator[str]:
    for value in strings(secret, "data").values():
        yield decoded(value)


def encoded(value: str) -> str:
    """As data of a Secret."""
    return base64.b64encode(value.encode()).decode()


def decoded(value: str) -> str:
    """Data of a Secret as text; what is no base64 counts as empty."""
    try:
        return base64.b64decode(value).decode(errors="replace")
    except binascii.Error:
        return ""
