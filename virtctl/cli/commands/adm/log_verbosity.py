"""``adm log-verbosity``: how much KubeVirt's components log."""

from __future__ import annotations

from typing import Annotated

from virtctl.cli.options import UINT64, Option
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.client import resources
from virtctl.errors import NotFound, UsageError, VirtctlError
from virtctl.models.documents import (
    Document,
    JsonValue,
    child,
    find,
    integer,
    name_of,
    namespace_of,
)
from virtctl.models.kinds import KUBEVIRT
from virtctl.output.documents import as_json, as_yaml

_SHOW = 10
_DEFAULT = 2
_FIELDS = {
    "virt-api": "virtAPI",
    "virt-controller": "virtController",
    "virt-handler": "virtHandler",
    "virt-launcher": "virtLauncher",
    "virt-operator": "virtOperator",
}
_DEVELOPER = "/spec/configuration/developerConfiguration"
_LEVELS = f"{_DEVELOPER}/logVerbosity"


def _component(name: str, what: str = "") -> Option:
    return Option(
        f"--{name}", help=f"Show the verbosity of {what or name}, or set it with =0 to =9.",
        metavar="[0-9]", bare=str(_SHOW), limits=UINT64,
        group=("all",) if name == "all" else (),
    )  # fmt: skip


def run(
    session: Session,
    *,
    virt_api: Annotated[int | None, _component("virt-api")] = None,
    virt_controller: Annotated[int | None, _component("virt-controller")] = None,
    virt_handler: Annotated[int | None, _component("virt-handler")] = None,
    virt_launcher: Annotated[int | None, _component("virt-launcher")] = None,
    virt_operator: Annotated[int | None, _component("virt-operator")] = None,
    every: Annotated[int | None, _component("all", "all components")] = None,
    reset: Annotated[
        bool, Option("--reset", help="Back to the default verbosity.", group=("all",))
    ] = False,
    output: Annotated[
        str,
        Option("--output", "-o", help="json or yaml, for showing.", choices=("", "json", "yaml")),
    ] = "",
) -> Outcome:
    """Show or set how much KubeVirt's components log, from 0 to 9.

    A component's flag alone shows its verbosity, with a value sets it.
    """
    installed = _installation(session)
    given = {
        "virt-api": virt_api, "virt-controller": virt_controller, "virt-handler": virt_handler,
        "virt-launcher": virt_launcher, "virt-operator": virt_operator,
    }  # fmt: skip
    asked = {name: level for name, level in given.items() if level is not None}
    for name, level in [*asked.items(), *([("all", every)] if every is not None else [])]:
        if level > _SHOW:
            raise UsageError(f"{name}: log verbosity must be 0-9")
    levels = {level for level in (*asked.values(), every) if level is not None}
    if not levels and not reset:
        raise UsageError("no flag specified, expecting at least one flag", "as in `--all`")
    if _SHOW in levels and (reset or len(levels) > 1):
        raise UsageError("only show or set is allowed, not both at once")
    if _SHOW in levels:
        return _show(installed, list(_FIELDS) if every is not None else list(asked), output)
    if every is not None:
        asked = {**dict.fromkeys(_FIELDS, every), **asked}
    return _set(session, installed, asked, reset=reset)


def _installation(session: Session) -> Document:
    """The KubeVirt object. Raises ``NotFound`` without one, ``VirtctlError`` with several."""
    found = resources.list_all(session.rest, KUBEVIRT, "")
    if not found:
        raise NotFound("could not detect a KubeVirt installation")
    if len(found) > 1:
        raise VirtctlError("there is more than one KubeVirt installation in the cluster")
    return resources.get(session.rest, KUBEVIRT, namespace_of(found[0]), name_of(found[0]))


def _levels(installed: Document) -> Document:
    path = ("spec", "configuration", "developerConfiguration", "logVerbosity")
    return child(installed, *path)


def _show(installed: Document, names: list[str], output: str) -> Outcome:
    held = _levels(installed)
    shown = {name: integer(held, _FIELDS[name]) or _DEFAULT for name in sorted(names)}
    if output:
        data: Document = dict(shown)
        return Outcome(as_json(data) if output == "json" else as_yaml(data))
    return Outcome("\n".join(f"{name}={level}" for name, level in shown.items()))


def _set(session: Session, installed: Document, asked: dict[str, int], *, reset: bool) -> Outcome:
    developer = find(installed, "spec", "configuration", "developerConfiguration")
    held = {} if reset else _levels(installed)
    merged: Document = {**held, **{_FIELDS[name]: level for name, level in asked.items()}}
    patch: list[JsonValue] = []
    if developer is None:
        if asked:
            patch.append({"op": "add", "path": _DEVELOPER, "value": {}})
    elif reset and _levels(installed):
        patch.append({"op": "add", "path": _LEVELS, "value": merged})
    if asked:
        patch.append({"op": "add", "path": _LEVELS, "value": merged})
    if not patch:
        return Outcome()  # there is nothing to reset
    resources.patch(
        session.rest, KUBEVIRT, namespace_of(installed), name_of(installed), patch,
        resources.JSON_PATCH,
    )  # fmt: skip
    return Outcome("successfully set/reset the log verbosity")
