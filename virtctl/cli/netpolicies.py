"""What ``net policy``'s commands share: reading policies and nodes, sending, waiting."""

from __future__ import annotations

import json
from typing import NamedTuple

from virtctl.cli.durations import seconds
from virtctl.cli.files import manifests
from virtctl.cli.session import Session
from virtctl.client import resources
from virtctl.errors import NotFound, UsageError, VirtctlError, WaitTimeout
from virtctl.models.documents import Document, find, integer, name_of, objects, strings, text
from virtctl.models.kinds import (
    NODE,
    NODE_NETWORK_ENACTMENT,
    NODE_NETWORK_POLICY,
    NODE_NETWORK_STATE,
)
from virtctl.output.networks import states

_AGAIN = 0.5
_FINAL = {"Available", "Failing", "Aborted"}


class Failure(NamedTuple):
    """What a node made of a policy that failed."""

    node: str
    stage: str
    message: str


def policies(session: Session, files: list[str]) -> list[Document]:
    """The policies of files. Raises ``UsageError`` for other objects."""
    found = []
    for manifest in manifests(session, files, recursive=False):
        if text(manifest.document, "kind") != NODE_NETWORK_POLICY.name:
            raise UsageError(f"{manifest.place()}: {manifest.title} is no node policy")
        found.append(manifest.document)
    return found


def policy(session: Session, name: str) -> Document:
    """A policy of the cluster. Raises ``NotFound``."""
    found = resources.find(session.rest, NODE_NETWORK_POLICY, "", name)
    if found is None:
        raise NotFound(f"there is no node policy {name}")
    return found


def current_states(session: Session, wanted: Document) -> dict[str, Document]:
    """The states of the nodes that a policy is for."""
    names = {
        name_of(node)
        for node in resources.list_all(session.rest, NODE, "")
        if states.selects(wanted, node)
    }
    return {
        name_of(one): dict(_state(one))
        for one in resources.list_all(session.rest, NODE_NETWORK_STATE, "")
        if name_of(one) in names
    }


def send(session: Session, wanted: Document, *, dry_run: bool) -> Document:
    """Apply a policy, with what was wished before kept in an annotation. Raises ``ApiError``."""
    name = name_of(wanted)
    before = resources.find(session.rest, NODE_NETWORK_POLICY, "", name)
    desired = states.desired_of(wanted)
    metadata = find(wanted, "metadata")
    marks = strings(wanted, "metadata", "annotations")
    known = strings(before or {}, "metadata", "annotations").get(states.PREVIOUS, "")
    if before is not None and states.desired_of(before) == desired:
        previous = known
    elif before is not None:
        previous = json.dumps(states.desired_of(before))
    else:
        now = current_states(session, wanted)
        previous = json.dumps(states.former(desired, next(iter(now.values()), {})))
    if previous:
        marks[states.PREVIOUS] = previous
    body: Document = {
        **wanted,
        "metadata": {**(metadata if isinstance(metadata, dict) else {}), "annotations": {**marks}},
    }
    query = {"fieldManager": "virtctl", "force": "true"}
    if dry_run:
        query["dryRun"] = "All"
    return resources.patch(
        session.rest, NODE_NETWORK_POLICY, "", name, body, resources.APPLY_PATCH, query
    )


def settled(session: Session, sent: Document, timeout: str) -> list[Failure]:
    """Wait until all nodes are done with a policy, telling of each; those that failed.

    Raises ``WaitTimeout``.
    """
    name, patience = name_of(sent), seconds(timeout, "--timeout")
    generation = integer(sent, "metadata", "generation", default=1)
    deadline = session.env.monotonic() + patience
    told: dict[str, str] = {}
    while True:
        enactments = [one for one in _enactments(session, name) if _is_of(one, generation)]
        stages = {}
        for node, stage, said in ((states.node_of(e, name), *states.stage(e)) for e in enactments):
            stages[node] = stage
            line = f"{stage}: {states.first_line(said)}" if stage == states.RETRYING else stage
            if line and told.get(node) != line:
                session.line(f"{node}: {line}")
                told[node] = line
        if _is_done(policy(session, name), stages):
            return failures(enactments, name)
        if session.env.monotonic() > deadline:
            said = ", ".join(f"{node} {stage or 'waits'}" for node, stage in stages.items())
            raise WaitTimeout(
                f"the end of policy {name}", patience, said or "no node has begun",
                f"virtctl net policy why {name}",
            )  # fmt: skip
        session.env.sleep(_AGAIN)


def failures(enactments: list[Document], name: str) -> list[Failure]:
    """Nodes on which a policy failed or was given up, the failed ones first."""
    found = [
        Failure(states.node_of(one, name), *states.stage(one))
        for one in enactments
        if states.stage(one)[0] in {"Failing", "Aborted"}
    ]
    return sorted(found, key=lambda one: one.stage != "Failing")


def enactments_of(session: Session, name: str) -> list[Document]:
    """What nodes made of a policy. Raises ``NotFound`` when there is none."""
    policy(session, name)
    return _enactments(session, name)


def refuse(name: str, failed: list[Failure]) -> None:
    """Raise ``VirtctlError`` with the first line that says why, when a policy failed."""
    if failed:
        first = failed[0]
        raise VirtctlError(
            f"policy {name} failed on {first.node}: {states.first_line(first.message)}",
            f"the node is as it was before; `virtctl net policy why {name}` tells all of it",
        )


def _enactments(session: Session, name: str) -> list[Document]:
    return states.of_policy(resources.list_all(session.rest, NODE_NETWORK_ENACTMENT, ""), name)


def _is_of(enactment: Document, generation: int) -> bool:
    return states.generation_of(enactment) in {None, generation}


def _is_done(found: Document, stages: dict[str, str]) -> bool:
    """Whether a policy is for no node, or all nodes that have begun are done."""
    true = {
        text(one, "type")
        for one in objects(found, "status", "conditions")
        if text(one, "status") == "True"
    }
    done = bool({"Available", "Degraded"} & true) and all(one in _FINAL for one in stages.values())
    return "Ignored" in true or (done and bool(stages))


def _state(document: Document) -> Document:
    found = find(document, "status", "currentState")
    return found if isinstance(found, dict) else {}
