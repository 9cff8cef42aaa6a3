"""XML of backup jobs and checkpoints (libvirt's formats of domain backups and checkpoints). Pure.

Every disk of the domain is named, those that are left out too: libvirt would take them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from launcher.domain.element import Element, element, render


def push(
    disks: Sequence[str], targets: Mapping[str, str], *, since: str = "", form: str = "qcow2"
) -> str:
    """A job that writes disks to new files, given by the disks' names in the guest.

    With ``since``, only what changed after that checkpoint is written.
    """
    listed = [_backup(disk, targets.get(disk, ""), form) for disk in disks]
    incremental = element("incremental", text=since) if since else None
    return render(
        element("domainbackup", {"mode": "push"}, incremental, element("disks", {}, *listed))
    )


def _backup(disk: str, path: str, form: str) -> Element:
    if not path:
        return element("disk", {"name": disk, "backup": "no"})
    return element(
        "disk",
        {"name": disk, "backup": "yes", "type": "file"},
        element("target", {"file": path}),
        element("driver", {"type": form}),
    )


def checkpoint(name: str, disks: Sequence[str], tracked: Sequence[str], created: int = 0) -> str:
    """A checkpoint, from which on changes of ``tracked`` disks are written down.

    ``created``, in Unix seconds, is for one that is made known again to another process.
    """
    listed = [
        _tracked(disk, name if disk in tracked else "", again=bool(created)) for disk in disks
    ]
    moment = element("creationTime", text=str(created)) if created else None
    return render(
        element(
            "domaincheckpoint", {}, element("name", text=name), moment,
            element("disks", {}, *listed),
        )
    )  # fmt: skip


def _tracked(disk: str, bitmap: str, *, again: bool) -> Element:
    if not bitmap:
        return element("disk", {"name": disk, "checkpoint": "no"})
    named = {"bitmap": bitmap} if again else {}
    return element("disk", {"name": disk, "checkpoint": "bitmap", **named})
