"""NICs of a machine's template: one more, and one less."""

from __future__ import annotations

from virtctl.errors import UsageError, VirtctlError
from virtctl.models.documents import Document, JsonValue, objects, text

_FIELDS = {"passt": "passtBinding"}


def with_nic(spec: Document, name: str, attachment: str, binding: str, mac: str) -> Document:
    """A template's ``networks`` and ``interfaces`` with a NIC more. Raises ``VirtctlError``.

    A template that names no interface has the pod network all the same, which must be named then.
    """
    interfaces, networks = _lists(spec)
    if not interfaces and not networks:
        interfaces.append({"name": "default", "bridge": {}})
        networks.append({"name": "default", "pod": {}})
    if any(text(one, "name") == name for one in (*interfaces, *networks)):
        raise VirtctlError(f"there is a NIC `{name}` already", "give another name by --name")
    interface: Document = {"name": name, _FIELDS.get(binding, binding): {}}
    if mac:
        interface["macAddress"] = mac
    interfaces.append(interface)
    networks.append({"name": name, "multus": {"networkName": attachment}})
    return _body(interfaces, networks)


def without_nic(spec: Document, name: str, *, plugged: bool) -> Document:
    """The same with a NIC less: gone, or ``absent`` while a running guest lets go of it."""
    interfaces, networks = _lists(spec)
    if not any(text(one, "name") == name for one in interfaces):
        raise UsageError(f"there is no NIC `{name}`", f"there are: {_names(interfaces)}")
    if plugged:
        for one in interfaces:
            if text(one, "name") == name:
                one["state"] = "absent"
        return _body(interfaces, networks)
    return _body(
        [one for one in interfaces if text(one, "name") != name],
        [one for one in networks if text(one, "name") != name],
    )


def nic_called(spec: Document, word: str, namespace: str) -> str:
    """The name of the NIC that ``word`` means: its own, or its network's when that is the only one.

    Raises ``UsageError`` when it means none or several.
    """
    interfaces, networks = _lists(spec)
    if any(text(one, "name") == word for one in interfaces):
        return word
    fitting = [
        text(one, "name")
        for one in networks
        if text(one, "multus", "networkName") in {word, f"{namespace}/{word}"}
    ]
    if len(fitting) == 1:
        return fitting[0]
    what = "several NICs are" if fitting else "no NIC is"
    raise UsageError(f"{what} called or on `{word}`", f"name one of: {_names(interfaces)}")


def binding_of(spec: Document, name: str) -> str:
    """How a NIC is bound; ``bridge`` when it does not say."""
    known = ("masquerade", "bridge", "sriov", "passtBinding", "macvtap", "binding")
    for one in objects(spec, "domain", "devices", "interfaces"):
        if text(one, "name") == name:
            return next((field for field in known if field in one), "bridge")
    return "bridge"


def _lists(spec: Document) -> tuple[list[Document], list[Document]]:
    interfaces = [dict(one) for one in objects(spec, "domain", "devices", "interfaces")]
    return interfaces, [dict(one) for one in objects(spec, "networks")]


def _body(interfaces: list[Document], networks: list[Document]) -> Document:
    made: list[JsonValue] = [*interfaces]
    return {
        "spec": {
            "template": {
                "spec": {
                    "networks": [*networks],
                    "domain": {"devices": {"interfaces": made}},
                }
            }
        }
    }


def _names(interfaces: list[Document]) -> str:
    return ", ".join(text(one, "name") for one in interfaces) or "none"
