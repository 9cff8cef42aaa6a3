"""``local status``: how the instance is, and what it changed on the host."""

from __future__ import annotations

from virtctl.cli.instance import Directory, StructuredOutput, layout_of
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.errors import ExitCode
from virtctl.models.documents import Document, JsonValue, items, objects, text

_TABLES = {
    "nodes": {
        "NODE": "name", "READY": "ready", "ACCELERATOR": "accelerator", "ADDRESSES": "addresses",
        "POD NETWORKS": "podCIDRs",
    },
    "components": {
        "COMPONENT": "name", "NODE": "node", "PHASE": "phase", "READY": "ready",
        "RESTARTS": "restarts", "DONE BY": "doneBy",
    },
    "machines": {
        "NAMESPACE": "namespace", "MACHINE": "name", "PHASE": "phase", "READY": "ready",
        "NODE": "node", "ADDRESSES": "addresses",
    },
}  # fmt: skip


def run(session: Session, *, directory: Directory = "", output: StructuredOutput = "") -> Outcome:
    """Show which component does each job and how it is; nodes, machines, what the host was given.

    Exit code 1 when the control plane is down.
    """
    from virtctl.cli.localapi import LocalApi
    from virtctl.local.daemon.status import collect, sources
    from virtctl.output.documents import as_json, as_yaml

    layout = layout_of(session, directory)
    with LocalApi(session, layout) as api:
        picture = collect(sources(layout, api.list))
    code = ExitCode.OK if picture["state"] == "running" else ExitCode.ERROR
    if output:
        return Outcome(as_json(picture) if output == "json" else as_yaml(picture), code=code)
    return Outcome("\n".join(lines(picture)), code=code)


def lines(picture: Document) -> list[str]:
    """The picture for people."""
    from virtctl.output.tables import grid

    shown = _head(picture)
    for key, columns in _TABLES.items():
        rows = [
            [_cell(row.get(field)) for field in columns.values()] for row in objects(picture, key)
        ]
        if rows:
            shown += ["", *grid([list(columns), *rows])]
    unwell = [
        f"  {text(each, 'name')} on {text(each, 'node')}: {text(each, 'problem')}"
        for each in objects(picture, "components")
        if text(each, "problem")
    ]
    if unwell:
        shown += ["", "not well:", *unwell]
    shown += ["", "changed on the host:"]
    nothing = "nothing" if picture["host"] is not None else "only root can see it"
    shown += [f"  {change}" for change in items(picture, "host")] or [f"  {nothing}"]
    return shown


def _head(picture: Document) -> list[str]:
    state, place = text(picture, "state"), text(picture, "directory")
    if state == "absent":
        lines = [f"there is no control plane in {place}"]
    elif state == "stopped":
        lines = [f"control plane stopped in {place}"]
    else:
        facts = f"version {text(picture, 'version')}, process {picture['pid']}"
        lines = [f"control plane {state} in {place}: {text(picture, 'server')}, {facts}"]
    if text(picture, "problem"):
        lines.append(f"problem: {text(picture, 'problem')}")
    if text(picture, "emulation"):
        lines.append(f"guests run on plain QEMU, without KVM: {text(picture, 'emulation')}")
    return lines


def _cell(value: JsonValue) -> str:
    if isinstance(value, list):
        return ",".join(str(item) for item in value) or "-"
    return str(value) if value not in (None, "") else "-"
