"""``logs``: what a machine wrote to its serial console."""

from __future__ import annotations

from typing import Annotated

from virtctl.cli.durations import seconds
from virtctl.cli.finding import settle
from virtctl.cli.options import INT64, Argument, Option
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.cli.targets import parse
from virtctl.cli.verbs import doing
from virtctl.client.launchers import LAUNCHER, SERIAL, launcher, log
from virtctl.models.documents import Document, name_of, objects, text


def run(
    session: Session,
    target: Annotated[
        str, Argument("[TYPE/]NAME[/NAMESPACE]", help="The machine.", complete="target")
    ],
    *,
    following: Annotated[bool, Option("--follow", "-f", help="Go on as the log grows.")] = False,
    tail: Annotated[
        int, Option("--tail", help="How many of the last lines; -1 is all.", limits=(-1, INT64[1]))
    ] = -1,
    since: Annotated[
        str, Option("--since", help="Only what is younger, as in `10m`.", metavar="DURATION")
    ] = "",
    timestamps: Annotated[bool, Option("--timestamps", help="When each line was written.")] = False,
    of_launcher: Annotated[
        bool, Option("--launcher", help="The launcher's own log, not the guest's.")
    ] = False,
) -> Outcome:
    """Print what a machine wrote to its serial console since it started.

    It needs no open console at that time; KubeVirt keeps it in the machine's pod.
    """
    machine = settle(session, parse(target))
    namespace = machine.namespace
    query = {"container": LAUNCHER if of_launcher else SERIAL}
    if following:
        query["follow"] = "true"
    if tail >= 0:
        query["tailLines"] = str(tail)
    if since:
        query["sinceSeconds"] = str(max(1, round(seconds(since, "--since"))))
    if timestamps:
        query["timestamps"] = "true"
    with doing(f"cannot get the log of {machine.short} {machine.name}"):
        pod = launcher(session.rest, namespace, machine.name)
        _check(session, pod, query["container"])
        for chunk in log(session.rest, pod, namespace, query):
            session.env.stdout.write(chunk.decode(errors="replace"))
            session.env.stdout.flush()
    return Outcome()


def _check(session: Session, pod: Document, container: str) -> None:
    """Say why there is no log, if that is known."""
    names = {text(one, "name") for one in objects(pod, "spec", "containers")}
    names |= {text(one, "name") for one in objects(pod, "spec", "initContainers")}
    if names and container not in names:
        session.line(
            f"pod {name_of(pod)} keeps no serial log: the machine or the cluster turned it off "
            "(spec.domain.devices.logSerialConsole)"
        )
