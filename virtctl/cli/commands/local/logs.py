"""``local logs``: logs of a component of the daemon, of one machine, or of all the daemon."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from virtctl.cli.instance import Directory, layout_of
from virtctl.cli.options import Argument, Option
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.errors import LocalError, UsageError
from virtctl.local.layout import InstanceLayout


def run(
    session: Session,
    what: Annotated[
        str, Argument("COMPONENT|vm/NAME", help="Whose log; all of the daemon's when left out.")
    ] = "",
    *,
    directory: Directory = "",
    following: Annotated[bool, Option("--follow", "-f", help="Go on as the log grows.")] = False,
    tail: Annotated[int, Option("--tail", help="How many of the last lines.")] = 200,
    serial: Annotated[
        bool, Option("--serial", help="A machine's serial console instead of its launcher's log.")
    ] = False,
) -> Outcome:
    """Print logs of the control plane or of a machine.

    Components are virt-api, virt-controller, virt-handler, virt-operator,
    kubemacpool-mac-controller-manager, hostpath-provisioner-operator (as `local status` names
    them, or by the names of their pods), and daemon, which runs them all. A machine's log is its
    launcher's.
    """
    from virtctl.local.daemon import logs

    layout = layout_of(session, directory)
    kind, _, name = what.partition("/")
    if name and kind in {"vm", "vmi"}:
        path, belongs = _machine_log(session, layout, name, serial=serial), logs.Filter()
    elif serial:
        raise UsageError("`--serial` is for machines: name one, as in `vm/fedora-0`")
    else:
        path, belongs = layout.log, logs.Filter(logs.modules_of(what) if what else ())
    if not path.exists():
        raise LocalError(f"there is no log at `{path}`", "start the instance with `local up`")
    position = path.stat().st_size
    for line in logs.last(path, tail, belongs):
        session.out(line)
    if following:
        for line in logs.follow(path, position):
            if belongs(line):
                session.out(line)
    return Outcome()


def _machine_log(session: Session, layout: InstanceLayout, name: str, *, serial: bool) -> Path:
    from virtctl.local.node import ondisk

    namespace = session.given_namespace or "default"
    found = ondisk.find(layout, namespace, name)
    if found is None:
        raise LocalError(
            f"machine `{namespace}/{name}` has no log: it does not run",
            "logs go with the machine's pod; `virtctl local status` shows what runs",
        )
    return found.place.serial_log if serial else found.place.log
