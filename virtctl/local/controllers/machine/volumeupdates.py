"""Volumes of a template that come to a running instance and go (api.md §2.4). Pure.

Only volumes that say ``hotpluggable`` do; a CD drive stays when its medium goes.
"""

from __future__ import annotations

from copy import deepcopy

from virtctl.local.runtime.podmanifest import is_hotpluggable
from virtctl.models.documents import Document, JsonValue, child, find, items, objects, put, text

_DISKS = ("domain", "devices", "disks")


def volumes(wanted: Document, vmi: Document) -> Document:
    """``volumes`` and ``disks`` as the instance is to have them, by those names."""
    running = child(vmi, "spec")
    asked = _named(wanted, "volumes")
    there = _named(running, "volumes")
    gone = {
        name
        for name, volume in there.items()
        if is_hotpluggable(volume) and not _same(volume, asked.get(name))
    }
    # A medium that is changed goes first: the new one comes when the drive is empty.
    busy = {
        text(one, "name")
        for one in objects(vmi, "status", "volumeStatus")
        if find(one, "hotplugVolume") is not None
    }
    come = {
        name
        for name, volume in asked.items()
        if is_hotpluggable(volume) and name not in there and name not in busy
    }
    drives, has = _named(wanted, *_DISKS), _named(running, *_DISKS)
    come = {name for name in come if name in drives}
    disks: list[JsonValue] = [
        disk for name, disk in has.items() if name not in gone or _is_drive(drives.get(name))
    ]
    disks += [drives[name] for name in drives if name in come and name not in has]
    kept: list[JsonValue] = [one for name, one in there.items() if name not in gone]
    kept += [asked[name] for name in asked if name in come]
    return {"volumes": kept, "disks": disks}


def fixed(spec: Document) -> Document:
    """A template without what may come and go while the guest runs."""
    made = deepcopy(spec)
    names = {text(one, "name") for one in objects(made, "volumes") if is_hotpluggable(one)}
    if items(made, "volumes"):
        left: list[JsonValue] = [
            one for one in objects(made, "volumes") if text(one, "name") not in names
        ]
        put(made, left, "volumes")
    if items(made, *_DISKS):
        disks: list[JsonValue] = [
            one
            for one in objects(made, *_DISKS)
            if text(one, "name") not in names or _is_drive(one)
        ]
        put(made, disks, *_DISKS)
    return made


def _same(volume: Document, other: Document | None) -> bool:
    """Whether two volumes have the same claim behind them."""
    return other is not None and all(
        text(volume, kind, field) == text(other, kind, field)
        for kind, field in (("persistentVolumeClaim", "claimName"), ("dataVolume", "name"))
    )


def _is_drive(disk: Document | None) -> bool:
    return disk is not None and find(disk, "cdrom") is not None


def _named(spec: Document, *path: str) -> dict[str, Document]:
    return {text(one, "name"): one for one in objects(spec, *path)}
