"""Which policies a machine's traffic meets, by their manifests: on any cluster."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import NamedTuple

from virtctl.cli.netpaths import Goal, Machine
from virtctl.cli.session import Session
from virtctl.client.resources import list_all
from virtctl.errors import ApiError
from virtctl.local.networks import policyverdicts
from virtctl.local.networks.policies import POD_NETWORK, World
from virtctl.local.networks.policyverdicts import Verdict
from virtctl.models.documents import Document, name_of, strings
from virtctl.models.kinds import MULTI_NETWORK_POLICY as _MULTI
from virtctl.models.kinds import NAMESPACE, NETWORK_POLICY, POD, Kind
from virtctl.output.networks.findings import BAD, GOOD, UNKNOWN, Finding
from virtctl.output.networks.path import Path

FORBIDDEN = 403
_HINT = "`virtctl get networkpolicies,multi-networkpolicies`"


class Known(NamedTuple):
    """All that policies speak of, and what of it we may not read."""

    world: World
    unseen: tuple[str, ...] = ()


def known_to(session: Session, namespace: str) -> Known:
    """The policies there are, of all namespaces, or else of one."""
    read = {kind: _listed(session, kind, namespace) for kind in (NETWORK_POLICY, _MULTI)}
    if any(found for found, _ in read.values()):
        read |= {kind: _listed(session, kind, namespace) for kind in (POD, NAMESPACE)}
    unseen = tuple(f"{kind.plural} of {said}" for kind, (_, said) in read.items() if said)
    found = {kind: listed for kind, (listed, _) in read.items()}
    labels = {name_of(one): strings(one, "metadata", "labels") for one in found.get(NAMESPACE, ())}
    made = World(
        policies=found[NETWORK_POLICY], multi=found[_MULTI], pods=found.get(POD, ()), labels=labels
    )
    return Known(made, unseen)


def findings(known: World, looked: Machine, goal: Goal | None) -> Iterator[Finding]:
    """The policies that select a machine, and what they say about its way to a target."""
    for path in looked.paths:
        network = POD_NETWORK if path.network == "pod" else path.network
        for name, kinds in policyverdicts.selecting(known, network, looked.pod).items():
            said = f"the policy {name} selects it for {' and '.join(kinds)}"
            yield Finding(path.nic, _where(path), "policy", UNKNOWN, said, _HINT)
        if goal is not None and goal.network in {"", path.network}:
            for verdict in policyverdicts.between(known, network, looked.pod, goal.address):
                yield _told(path, verdict, goal)


def _told(path: Path, verdict: Verdict, goal: Goal) -> Finding:
    names = ", ".join(verdict.selecting)
    way = f"{verdict.direction} of {verdict.pod}, towards {goal.address}"
    if verdict.everything:
        return Finding(path.nic, _where(path), "policy", GOOD, f"{way}: allowed by {names}")
    if verdict.ports:
        said = f"{way}: {names} let pass only {policyverdicts.words(verdict.ports)}"
        return Finding(path.nic, _where(path), "policy", UNKNOWN, said, _HINT)
    said = f"{way}: nothing passes, by {names}"
    remedy = f"let a rule of {names} name the other side, or leave the pod out of it"
    return Finding(path.nic, _where(path), "policy", BAD, said, remedy)


def _where(path: Path) -> str:
    return f"pod {path.outer}"


def _listed(session: Session, kind: Kind, namespace: str) -> tuple[list[Document], str]:
    """Objects of a kind, and the namespaces whose objects we may not read."""
    try:
        return list(list_all(session.rest, kind, "")), ""
    except ApiError as error:
        if error.code != FORBIDDEN:
            return [], ""  # such policies are not there
    if kind.namespaced:
        with contextlib.suppress(ApiError):
            return list(list_all(session.rest, kind, namespace)), "other namespaces"
    return [], "all namespaces" if kind.namespaced else "the cluster"
