"""``addvolume``: plug a volume into a running machine."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated

from virtctl.cli.hotplug import Persist, VolumeName, submit
from virtctl.cli.options import DryRun, Option, VmiName
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.cli.verbs import doing, dry
from virtctl.client import subresources
from virtctl.client.resources import find, get
from virtctl.errors import ApiError, UsageError, VirtctlError
from virtctl.models.documents import Document
from virtctl.models.kinds import DATA_VOLUME, PVC

_LONGEST = 63
_BUSES = {"disk": ("scsi", "virtio"), "lun": ("scsi",)}
_CACHES = ("none", "writethrough", "writeback")


def run(
    session: Session,
    name: VmiName,
    *,
    volume_name: VolumeName = "",
    disk_name: Annotated[
        str, Option("--disk-name", help="Name of the disk in the machine; the volume's by default.")
    ] = "",
    disk_type: Annotated[str, Option("--disk-type", help="disk or lun.")] = "disk",
    bus: Annotated[str, Option("--bus", help="scsi or virtio; a lun takes scsi only.")] = "scsi",
    serial: Annotated[
        str, Option("--serial", help="Serial number that the guest sees; the name by default.")
    ] = "",
    cache: Annotated[str, Option("--cache", help="none, writethrough or writeback.")] = "",
    persist: Persist = False,  # noqa: ARG001 - accepted for scripts, as Go's tool
    dry_run: DryRun = "",
) -> Outcome:
    """Plug a DataVolume or claim into a running machine as a disk."""
    shown = disk_name or volume_name
    dry_running = dry(session, dry_run)
    with doing(f"cannot add volume {volume_name} to VM {name}"):
        source = _source(session, volume_name)
        _check_length(disk_name, volume_name)
        body: Document = {
            "name": shown,
            "disk": _disk(disk_type, bus, cache, serial or shown),
            "volumeSource": source,
        }
        submit(session, name, "addvolume", subresources.dry_run(body, wanted=dry_running))
    return Outcome(
        f"Successfully submitted add volume request to VM {name} for volume {volume_name}"
    )


def _check_length(disk: str, volume: str) -> None:
    if len(disk or volume) <= _LONGEST:
        return
    what = f"disk name {disk}" if disk else f"volume name {volume}"
    hint = "" if disk else "give a shorter one with --disk-name"
    raise UsageError(f"invalid {what}: it must not exceed {_LONGEST} characters", hint or None)


def _source(session: Session, volume: str) -> Document:
    """The DataVolume of that name, else the claim. Raises ``VirtctlError`` when neither is."""
    with suppress(ApiError):  # claims can be had without the right to see DataVolumes
        get(session.rest, DATA_VOLUME, session.namespace, volume)
        return {"dataVolume": {"name": volume, "hotpluggable": True}}
    if find(session.rest, PVC, session.namespace, volume) is not None:
        return {"persistentVolumeClaim": {"claimName": volume, "hotpluggable": True}}
    raise VirtctlError(f"volume {volume} is not a DataVolume or PersistentVolumeClaim")


def _disk(kind: str, bus: str, cache: str, serial: str) -> Document:
    if kind not in _BUSES:
        raise UsageError(f"invalid argument `{kind}` for flag `--disk-type`: must be disk or lun")
    if bus not in _BUSES[kind]:
        wanted = " or ".join(_BUSES[kind])
        raise UsageError(f"invalid argument `{bus}` for flag `--bus`: a {kind} takes {wanted}")
    if cache and cache not in _CACHES:
        wanted = ", ".join(_CACHES)
        raise UsageError(f"invalid argument `{cache}` for flag `--cache`: must be one of {wanted}")
    disk: Document = {kind: {"bus": bus}, "serial": serial}
    if cache:
        disk["cache"] = cache
    return disk
