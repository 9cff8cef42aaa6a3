"""What of a changed template reaches the running instance without a restart (api.md §3.3). Pure.

Networks follow launcher-network.md §11: NICs with the bridge binding and SR-IOV come, NICs go by
their state ``absent``, and a cable is plugged in or out by ``up`` and ``down``. CPU sockets and
memory grow up to what the instance was started with room for.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy

from virtctl.local.controllers.machine import volumeupdates
from virtctl.local.controllers.machine.seen import Seen, is_final, template_spec
from virtctl.local.runtime import resizing
from virtctl.local.runtime.changes import Change, patch
from virtctl.local.runtime.owners import is_deleting
from virtctl.models.documents import Document, JsonValue, child, find, objects, text
from virtctl.models.kinds import VIRTUAL_MACHINE, VIRTUAL_MACHINE_INSTANCE

_PLUGGABLE = ("bridge", "sriov")
_ABSENT = "absent"


def changes(seen: Seen) -> Iterator[Change]:
    """Patches of the running instance, and of the machine when a NIC is gone for good."""
    vm, vmi = seen.vm, seen.vmi
    if vmi is None or is_final(vmi) or is_deleting(vmi):
        return
    wanted, running = template_spec(vm), child(vmi, "spec")
    found = {**networks(wanted, vmi), **_size(wanted, vmi)}
    if seen.volumes_follow:
        found |= volumeupdates.volumes(wanted, vmi)
    body = _spec_patch(running, found)
    if body:
        yield patch(VIRTUAL_MACHINE_INSTANCE, vmi, {"spec": body})
    left = _spec_patch(wanted, without_detached(wanted, vmi))
    if left:
        yield patch(VIRTUAL_MACHINE, vm, {"spec": {"template": {"spec": left}}})


def networks(wanted: Document, vmi: Document) -> Document:
    """``networks`` and ``interfaces`` as the instance is to have them, by those names."""
    running = child(vmi, "spec")
    asked = {text(one, "name"): one for one in _interfaces(wanted)}
    plugged = {text(one, "name") for one in _interfaces(running)}
    made = [_restated(one, asked.get(text(one, "name"), {})) for one in _interfaces(running)]
    new = [one for name, one in asked.items() if name not in plugged and _may_be_plugged(one)]
    names = {text(one, "name") for one in new}
    nets = [
        *objects(running, "networks"),
        *(one for one in objects(wanted, "networks") if text(one, "name") in names),
    ]
    spec: Document = {
        "networks": list(nets),
        "domain": {"devices": {"interfaces": [*made, *new]}},
    }
    return without_detached(spec, vmi)


def without_detached(spec: Document, vmi: Document) -> Document:
    """``networks`` and ``interfaces`` of a spec, without those NICs that are absent and gone."""
    known = {text(one, "name") for one in objects(vmi, "status", "interfaces")}
    asked = {text(one, "name") for one in _interfaces(child(vmi, "spec"))}
    gone = {
        name
        for one in _interfaces(spec)
        if text(one, "state") == _ABSENT and (name := text(one, "name")) not in known
    }
    if find(spec, "networks") is None or not gone:
        return {"networks": find(spec, "networks"), "interfaces": list(_interfaces(spec))}
    # What is still to be told to the instance stays until that has been done.
    gone = {name for name in gone if name not in asked or _is_absent(vmi, name)}
    return {
        "networks": [one for one in objects(spec, "networks") if text(one, "name") not in gone],
        "interfaces": [one for one in _interfaces(spec) if text(one, "name") not in gone],
    }


def restart_for_networks(started: Document, wanted: Document, vmi: Document) -> bool:
    """Whether networks or interfaces were changed in a way that a running instance cannot take.

    ``started`` is the template that the instance was made from: what that did not name, and
    admission added, is not compared.
    """
    running = child(vmi, "spec")
    return _by_interfaces(started, wanted, running) or _by_networks(started, wanted, running)


def _by_interfaces(started: Document, wanted: Document, running: Document) -> bool:
    asked = {text(one, "name"): one for one in _interfaces(wanted)}
    begun = {text(one, "name"): one for one in _interfaces(started)}
    for one in _interfaces(running):
        name = text(one, "name")
        new = asked.pop(name, None)
        if new is None:
            if text(one, "state") != _ABSENT and not _is_implied(started, running, name):
                return True
            continue
        same = _stateless(new) in (_stateless(one), _stateless(begun.get(name, one)))
        if not same or not _may_be_restated(one, text(new, "state")):
            return True
    return any(not _may_be_plugged(one) and text(one, "state") != _ABSENT for one in asked.values())


def _by_networks(started: Document, wanted: Document, running: Document) -> bool:
    asked = {text(one, "name"): one for one in objects(wanted, "networks")}
    begun = {text(one, "name"): one for one in objects(started, "networks")}
    absent = {text(one, "name") for one in _interfaces(running) if text(one, "state") == _ABSENT}
    for one in objects(running, "networks"):
        name = text(one, "name")
        new = asked.pop(name, None)
        if new is None:
            if name not in absent and not _is_implied(started, running, name):
                return True
        elif new not in (one, begun.get(name)):
            return True
    return any("pod" in one for one in asked.values())


def _is_implied(started: Document, running: Document, name: str) -> bool:
    """Whether a NIC is the one that machines get which name none."""
    named = list(_interfaces(started)) or list(objects(started, "networks"))
    first = next((one for one in objects(running, "networks") if "pod" in one), {})
    return not named and text(first, "name") == name


def _may_be_restated(running: Document, state: str) -> bool:
    """Whether a NIC can get another state; one that is absent does not come back."""
    old = text(running, "state")
    if _ABSENT in (old, state) and old != state:
        return state == _ABSENT and _may_be_unplugged(running)
    return True


def _restated(running: Document, wanted: Document) -> Document:
    """A NIC of the instance with the state that its machine's template says."""
    if not wanted or text(running, "state") == _ABSENT:
        return running
    state = text(wanted, "state")
    if state == text(running, "state") or (state == _ABSENT and not _may_be_unplugged(running)):
        return running
    made = deepcopy(running)
    if state:
        made["state"] = state
    else:
        made.pop("state", None)
    return made


def _may_be_plugged(interface: Document) -> bool:
    return text(interface, "state") != _ABSENT and any(key in interface for key in _PLUGGABLE)


def _may_be_unplugged(interface: Document) -> bool:
    return any(key in interface for key in _PLUGGABLE)


def _is_absent(vmi: Document, name: str) -> bool:
    return any(
        text(one, "name") == name and text(one, "state") == _ABSENT
        for one in _interfaces(child(vmi, "spec"))
    )


def _stateless(interface: Document) -> Document:
    return {key: value for key, value in interface.items() if key != "state"}


def _interfaces(spec: Document) -> Iterator[Document]:
    yield from objects(spec, "domain", "devices", "interfaces")


def _size(wanted: Document, vmi: Document) -> Document:
    """CPU sockets and memory that the guest can be given while it runs."""
    found: Document = {}
    sockets, guest = resizing.more_sockets(wanted, vmi), resizing.other_memory(wanted, vmi)
    if sockets:
        found["sockets"] = sockets
    if guest:
        found["guest"] = guest
        found["memory_limit"] = resizing.memory_limit(guest, vmi)
    return {name: value for name, value in found.items() if value}


_PLACES = {
    "networks": ("networks",),
    "interfaces": ("domain", "devices", "interfaces"),
    "volumes": ("volumes",),
    "disks": ("domain", "devices", "disks"),
    "sockets": ("domain", "cpu", "sockets"),
    "guest": ("domain", "memory", "guest"),
    "memory_limit": ("domain", "resources", "limits", "memory"),
}


def _spec_patch(spec: Document, found: Document) -> Document:
    """The merge patch that puts what was found in its place, as far as it differs."""
    body: Document = {}
    for name, path in _PLACES.items():
        value: JsonValue = found.get(name)
        if value is None or value == (find(spec, *path) or []):
            continue
        holder = body
        for part in path[:-1]:
            inner = holder.setdefault(part, {})
            if isinstance(inner, dict):
                holder = inner
        holder[path[-1]] = value
    return body
