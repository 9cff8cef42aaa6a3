"""``why``: why a machine is as it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated

from virtctl.cli.finding import settle
from virtctl.cli.options import Argument, Option
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.cli.targets import parse
from virtctl.client.launchers import launchers
from virtctl.client.resources import find, list_all
from virtctl.errors import Forbidden, NotFound, VirtctlError
from virtctl.models.documents import Document, child, name_of, objects, text
from virtctl.models.kinds import (
    ATTACHMENT_DEFINITION,
    CONFIG_MAP,
    DATA_VOLUME,
    EVENT,
    PVC,
    SECRET,
    SERVICE_ACCOUNT,
    VIRTUAL_MACHINE,
    VIRTUAL_MACHINE_INSTANCE,
    Kind,
)
from virtctl.output.documents import as_json, as_yaml
from virtctl.output.why import Known, Verdict, judge

_SOURCES = (
    (PVC, ("persistentVolumeClaim", "claimName")),
    (DATA_VOLUME, ("dataVolume", "name")),
    (SECRET, ("secret", "secretName")),
    (CONFIG_MAP, ("configMap", "name")),
    (SERVICE_ACCOUNT, ("serviceAccount", "serviceAccountName")),
    (SECRET, ("cloudInitNoCloud", "secretRef", "name")),
    (SECRET, ("cloudInitConfigDrive", "secretRef", "name")),
)


def run(
    session: Session,
    target: Annotated[
        str, Argument("[TYPE/]NAME[/NAMESPACE]", help="The machine.", complete="target")
    ],
    *,
    output: Annotated[
        str, Option("--output", "-o", help="json or yaml.", choices=("", "json", "yaml"))
    ] = "",
) -> Outcome:
    """Say why a machine does not run, is not ready or cannot migrate, and what may help.

    Gathers what the machine, its instance, its pod, what it needs (volumes, networks, secrets) and
    the events of all of them say.
    """
    machine = settle(session, parse(target))
    namespace = machine.namespace
    verdict = judge(machine.name, _gather(session, namespace, machine.name))
    if not verdict.remarks:
        raise NotFound(f"{verdict.sentence} in namespace {namespace}")
    if output:
        data = verdict.document()
        return Outcome(as_json(data) if output == "json" else as_yaml(data))
    return Outcome("\n".join(_lines(verdict)))


def _lines(verdict: Verdict) -> Iterator[str]:
    yield verdict.sentence
    last = ""
    for remark in verdict.remarks:
        if remark.of != last:
            yield f"  {remark.of}"
            last = remark.of
        yield f"    {'! ' if remark.grave else '- '}{remark.said}"
    for remedy in verdict.remedies:
        yield f"hint: {remedy}"


def _gather(session: Session, namespace: str, name: str) -> Known:
    rest = session.rest
    known = Known(
        vm=find(rest, VIRTUAL_MACHINE, namespace, name),
        vmi=find(rest, VIRTUAL_MACHINE_INSTANCE, namespace, name),
    )
    if known.vm is None and known.vmi is None:
        return known
    pods = _allowed(lambda: launchers(rest, namespace, name), session, "pods")
    known.pod = pods[-1] if pods and known.vmi is not None else None
    spec = child(known.vmi or {}, "spec") or child(known.vm or {}, "spec", "template", "spec")
    known.needs = {
        f"{kind.name} {needed}": found
        for kind, place, needed in _needed(spec, namespace)
        if (found := _look(session, kind, place, needed)) is not _UNSEEN
    }
    names = {name, *(needed for _, _, needed in _needed(spec, namespace))}
    names |= {name_of(pod) for pod in pods}
    events = _allowed(lambda: list_all(rest, EVENT, namespace), session, "events")
    known.events = [one for one in events if text(one, "involvedObject", "name") in names]
    return known


def _needed(spec: Document, namespace: str) -> Iterator[tuple[Kind, str, str]]:
    """Kind, namespace and name of what a machine cannot be without."""
    for volume in objects(spec, "volumes"):
        for kind, path in _SOURCES:
            if child(volume, path[0]).get("optional") is not True and text(volume, *path):
                yield kind, namespace, text(volume, *path)
    for network in objects(spec, "networks"):
        full = text(network, "multus", "networkName")
        if full:
            place, slash, name = full.rpartition("/")
            yield ATTACHMENT_DEFINITION, place if slash else namespace, name


_UNSEEN: Document = {"unseen": True}


def _look(session: Session, kind: Kind, namespace: str, name: str) -> Document | None:
    """The object, None when there is none, ``_UNSEEN`` when we may not know."""
    try:
        return find(session.rest, kind, namespace, name)
    except VirtctlError:
        return _UNSEEN


def _allowed(ask: Callable[[], list[Document]], session: Session, what: str) -> list[Document]:
    """What ``ask`` finds; nothing, and a word about it, when it is forbidden."""
    try:
        return ask()
    except Forbidden:
        session.line(f"{what} may not be read, so what they say is missing here")
        return []
