"""``net check``: what is wrong on the way of a machine's frames."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from virtctl.cli import netpaths, netrules
from virtctl.cli.netpaths import Goal, Machine
from virtctl.cli.options import Argument, Option
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.errors import ExitCode
from virtctl.models.documents import Document, text
from virtctl.output.documents import as_json, as_yaml
from virtctl.output.networks import causes, reach, verdicts
from virtctl.output.networks.findings import BAD, GOOD, UNKNOWN, Finding, first_bad, lines


def run(
    session: Session,
    target: Annotated[
        str, Argument("[TYPE/]NAME[/NAMESPACE]", help="The machine.", complete="target")
    ],
    other: Annotated[
        str,
        Argument(
            "TARGET",
            help="An address or another machine that its networks shall lead to.",
            complete="target",
        ),
    ] = "",
    *,
    output: Annotated[
        str, Option("--output", "-o", help="json or yaml.", choices=("", "json", "yaml"))
    ] = "",
) -> Outcome:
    """Probe the way of a machine's frames, and name the first hop that fails, and what may help.

    Looks at definitions, events, links, bridges, VLANs, MTUs, leases, NAT and routes, asks by ARP
    and neighbour discovery whether the guest, its gateway and TARGET answer, pings them with
    packets as large as the MTU, and names the policies that they meet. Of another machine, the
    address on a network that both share is taken. The exit code is 1 when something fails.
    """
    found = netpaths.machine(session, target)
    findings = list(_findings(session, found, other))
    bad = first_bad(findings)
    code = ExitCode.ERROR if bad else ExitCode.OK
    if output:
        data: Document = {
            "name": found.name,
            "ok": bad is None,
            "firstFailure": bad.document() if bad else None,
            "findings": [one.document() for one in findings],
        }
        return Outcome(as_json(data) if output == "json" else as_yaml(data), code=code)
    return Outcome("\n".join(lines(found.name, findings)), code=code)


def _findings(session: Session, found: Machine, target: str) -> Iterator[Finding]:
    yield from causes.of_definitions(found.definitions, found.namespace)
    yield from causes.of_bindings(found.spec, found.definitions, found.namespace)
    yield from causes.conditions(found.vmi)
    running = text(found.vmi, "status", "phase") == "Running"
    yield from causes.of_events(netpaths.events(session, found), running=running)
    if not found.pod:
        said = "the machine does not run"
        yield Finding("", "pod", "running", BAD, said, f"virtctl start {found.name}")
        return
    yield from causes.of_scheduling(found.vmi, found.pod)
    yield from netpaths.surroundings(session, found)
    if not netpaths.node_of(found):
        return
    looked = netpaths.with_facts(session, found)
    goal = netpaths.goal(session, looked, target) if target else None
    if "pod" in looked.facts.scopes:
        looked = netpaths.with_facts(session, looked, _probes(looked, goal))
    for path in looked.paths:
        yield from verdicts.of_path(path, looked.facts)
    yield from verdicts.of_names(looked.facts)
    rules = netrules.known_to(session, looked.namespace)
    yield from netrules.findings(rules.world, looked, goal)
    if goal:
        yield from _of_goal(looked, goal)
    for unseen in (*looked.facts.unseen, *rules.unseen):
        yield Finding("", looked.facts.node, "unseen", UNKNOWN, f"cannot see {unseen}")


def _probes(looked: Machine, goal: Goal | None) -> dict[str, list[tuple[str, ...]]]:
    """What is to be asked on the way, in the API's words."""
    asked: dict[str, list[tuple[str, ...]]] = {
        "ask": [],
        "name": [(f"{looked.name}.{looked.namespace}",), (verdicts.FOREIGN_NAME,)],
        "echo": [],
    }
    for way in looked.paths:
        asked["ask"] += reach.probes(way, looked.facts, goal.asked_on(way) if goal else "")
        asked["echo"] += reach.echoes(way, looked.facts, goal.pinged_on(way) if goal else "")
    return asked


def _of_goal(looked: Machine, goal: Goal) -> Iterator[Finding]:
    if goal.machine:
        said = f"{goal.machine} has {goal.address} on {goal.network}"
        yield Finding("", "wire", "target", GOOD, said)
    asked = [way for way in looked.paths if goal.asked_on(way)]
    yield from reach.of_target(asked, looked.facts, goal.address)
