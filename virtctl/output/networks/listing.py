"""Networks as rows: what their definitions say, and who is attached."""

from __future__ import annotations

from collections.abc import Iterable

from virtctl.models.documents import Document, child, name_of, namespace_of, objects, text
from virtctl.output.networks.path import definition_name, plugin_of

HEAD = ["NAME", "TYPE", "ON", "VLAN", "MTU", "IPAM", "ATTACHED"]


def summary(definition: Document, machines: Iterable[Document]) -> Document:
    """One definition as data. ``machines`` are VirtualMachines and instances."""
    plugin = plugin_of(definition)
    name = f"{namespace_of(definition)}/{name_of(definition)}"
    vlan, mtu = plugin.get("vlan") or plugin.get("vlanID"), plugin.get("mtu")
    attached = sorted({
        f"{namespace_of(one)}/{name_of(one)}" for one in machines if name in _networks(one)
    })  # fmt: skip
    return {
        "name": name_of(definition),
        "namespace": namespace_of(definition),
        "type": text(plugin, "type") or "unreadable",
        "on": text(plugin, "bridge") or text(plugin, "topology") or text(plugin, "master"),
        "vlan": vlan if isinstance(vlan, int) else None,
        "mtu": mtu if isinstance(mtu, int) else None,
        "ipam": _ipam(plugin),
        "attached": [*attached],
    }


def row(found: Document) -> list[str]:
    """A summary as cells of ``HEAD``."""
    attached = found.get("attached")
    names = [str(one) for one in attached] if isinstance(attached, list) else []
    prefix = f"{text(found, 'namespace')}/"
    shown = ",".join(one.removeprefix(prefix) for one in names)
    cells = [found.get(key) for key in ("name", "type", "on", "vlan", "mtu", "ipam")]
    return [*(str(cell) if cell else "-" for cell in cells), shown or "-"]


def _ipam(plugin: Document) -> str:
    ipam = plugin.get("ipam")
    if isinstance(ipam, dict):
        return text(child(plugin, "ipam"), "type")
    subnets = plugin.get("subnets")
    return f"ovn {subnets}" if subnets else ""


def _networks(machine: Document) -> set[str]:
    spec = child(machine, "spec", "template", "spec") or child(machine, "spec")
    namespace = namespace_of(machine)
    return {definition_name(one, namespace) for one in objects(spec, "networks")}
