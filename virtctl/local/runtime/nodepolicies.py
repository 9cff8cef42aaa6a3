"""Policies for networks of nodes and their enactments: who is meant, how many at once, and words.

Conditions and reasons are those of kubernetes-nmstate (its api/shared).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from virtctl.local.runtime import conditions
from virtctl.local.runtime.conditions import condition
from virtctl.local.runtime.nodefeatures import features
from virtctl.local.runtime.times import stamp
from virtctl.models.documents import (
    Document,
    JsonValue,
    child,
    find,
    integer,
    name_of,
    objects,
    strings,
    text,
    uid_of,
)
from virtctl.models.kinds import NODE, NODE_NETWORK_ENACTMENT, NODE_NETWORK_POLICY

POLICY_LABEL, NODE_LABEL = "nmstate.io/policy", "nmstate.io/node"
USUAL_LIMIT = "50%"
"""On how many of its nodes a policy is applied at once, unless it says."""

_MESSAGES = 1024  # characters of a message that are kept


class Stage(StrEnum):
    """How far a policy is on a node: the condition that is True.

    While it is tried again after a failure, both Failing and Progressing are: ``RETRYING``.
    """

    PENDING = "Pending"
    PROGRESSING = "Progressing"
    AVAILABLE = "Available"
    FAILING = "Failing"
    ABORTED = "Aborted"
    RETRYING = "Retrying"


_REASONS = {
    Stage.PENDING: "MaxUnavailableLimitReached",
    Stage.PROGRESSING: "ConfigurationProgressing",
    Stage.AVAILABLE: "SuccessfullyConfigured",
    Stage.FAILING: "FailedToConfigure",
    Stage.ABORTED: "ConfigurationAborted",
    Stage.RETRYING: "Retrying",
}
_TRUE = {Stage.RETRYING: {Stage.FAILING, Stage.PROGRESSING}}
_UNKNOWN = {Stage.PROGRESSING: {Stage.FAILING, Stage.AVAILABLE}}
_TOLD = {Stage.PENDING: {Stage.PENDING, Stage.PROGRESSING}}
"""Conditions with the message, where they are not those that are True."""
_CONDITIONS = (
    Stage.FAILING, Stage.AVAILABLE, Stage.PROGRESSING, Stage.PENDING, Stage.ABORTED,
)  # fmt: skip
FINAL = frozenset({Stage.AVAILABLE, Stage.FAILING, Stage.ABORTED})
_BUSY = frozenset({Stage.PROGRESSING, Stage.RETRYING})
PENDING = "Waiting for progressing nodes to finish"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What one node made of a policy. ``captured`` and ``desired`` are states.

    ``changed`` is whether the node was not as desired already, ``failures`` how often it was tried
    in vain.
    """

    stage: Stage
    message: str = ""
    desired: Document | None = None
    captured: Document | None = None
    changed: bool = False
    failures: int = 0


def generation(document: Document) -> int:
    """The generation of an object's spec."""
    return integer(document, "metadata", "generation", default=1)


def selects(policy: Document, labels: Mapping[str, str]) -> bool:
    """Whether a policy is for a node with these labels; one without a selector is for all."""
    wanted = strings(policy, "spec", "nodeSelector")
    return all(labels.get(name) == value for name, value in wanted.items())


def limit(policy: Document, nodes: int) -> int:
    """On how many of so many nodes it may be applied at once; one at least.

    Words that are no percentage count as 50 %, also ``"2"``.
    """
    given = find(policy, "spec", "maxUnavailable")
    if isinstance(given, int) and not isinstance(given, bool):
        return max(given, 1)
    number = str(given or USUAL_LIMIT).strip()
    try:
        per_cent = int(number[:-1]) if number.endswith("%") else 50
    except ValueError:
        per_cent = 50
    return max(math.ceil(nodes * per_cent / 100), 1)


def enactment_name(node: str, policy: str) -> str:
    """The name of a policy's enactment on a node."""
    return f"{node}.{policy}"


def stage_of(enactment: Document) -> Stage | None:
    """How far an enactment is, by its conditions; None when that is not known."""
    true = {kind for kind in _CONDITIONS if conditions.holds(enactment, kind)}
    for stage in reversed(Stage):
        if true == _TRUE.get(stage, {stage}):
            return stage
    return None


def failures_of(enactment: Document, policy: Document) -> int:
    """How often a policy as it is now was tried in vain."""
    return integer(enactment, "status", "retryCount", str(generation(policy)), default=0)


def halted(policy: Document, nodes: int, others: Iterable[Document]) -> Stage | None:
    """Why a node must not begin with a policy: Pending, or Aborted; None when it may.

    ``others`` are the enactments of other nodes. A node on which a policy has failed stays one of
    those that are unavailable, and when there are as many as may be, the others give up.
    """
    stages = [stage_of(each) for each in others if is_current(each, policy)]
    most = limit(policy, nodes)
    failed = stages.count(Stage.FAILING)
    if failed >= most:
        return Stage.ABORTED
    if failed + sum(1 for stage in stages if stage in _BUSY) >= most:
        return Stage.PENDING
    return None


def is_current(enactment: Document, policy: Document) -> bool:
    """Whether an enactment is about the policy as it is now."""
    return integer(enactment, "status", "policyGeneration", default=0) == generation(policy)


def new_enactment(policy: Document, node: str) -> Document:
    """An enactment without a status; it goes with its policy."""
    return {
        "apiVersion": NODE_NETWORK_ENACTMENT.api_version,
        "kind": NODE_NETWORK_ENACTMENT.name,
        "metadata": {
            "name": enactment_name(node, name_of(policy)),
            "labels": {POLICY_LABEL: name_of(policy), NODE_LABEL: node},
            "ownerReferences": [
                {
                    "apiVersion": NODE_NETWORK_POLICY.api_version,
                    "kind": NODE_NETWORK_POLICY.name,
                    "name": name_of(policy),
                    "uid": uid_of(policy),
                }
            ],
        },
    }


def enactment_status(
    enactment: Document, policy: Document, outcome: Outcome, now: float
) -> Document:
    """The status of an enactment after an outcome.

    When a node that was said to be as desired had to be changed all the same, as after its end and
    a new start, what is said of it holds since now.
    """
    made = dict(child(enactment, "status"))
    if outcome.changed and outcome.stage is stage_of(enactment):
        made.pop("conditions", None)
    true = _TRUE.get(outcome.stage, {outcome.stage})
    wanted = []
    for kind in _CONDITIONS:
        status = "True" if kind in true else "False"
        if kind in _UNKNOWN.get(outcome.stage, ()):
            status = "Unknown"
        told = outcome.message[:_MESSAGES] if kind in _TOLD.get(outcome.stage, true) else ""
        wanted.append(condition(kind, status, reason=_REASONS[outcome.stage], message=told))
    if not is_current(enactment, policy):
        made.pop("conditions", None)
    made["conditions"] = _beaten(objects(made, "conditions"), wanted, now)
    made["policyGeneration"] = generation(policy)
    desired = outcome.desired or dict(child(policy, "spec", "desiredState"))
    made["desiredState"] = desired
    for field in ("capturedStates", "features", "retryCount"):
        made.pop(field, None)
    if outcome.captured:
        made["capturedStates"] = {
            name: {"state": state} for name, state in outcome.captured.items()
        }
    if used := features(desired):
        made["features"] = [*used]
    if outcome.failures:
        made["retryCount"] = {str(generation(policy)): outcome.failures}
    return made


def _beaten(known: Iterable[Document], wanted: list[Document], now: float) -> list[JsonValue]:
    """Conditions merged, each with the time at which it was last told anew."""
    before = {text(each, "type"): each for each in known}
    timed = []
    for each in wanted:
        old = before.get(text(each, "type"), {})
        same = all(old.get(key) == each.get(key) for key in ("status", "reason", "message"))
        beat = text(old, "lastHeartbeatTime") if same else ""
        timed.append({"lastHeartbeatTime": beat or stamp(now), **each})
    return conditions.merged(before.values(), timed, now)


def policy_status(
    policy: Document, nodes: Iterable[Document], enactments: Iterable[Document], now: float
) -> Document:
    """The status of a policy for some nodes from its enactments of now."""
    made = dict(child(policy, "status"))
    ready = [is_ready(each) for each in nodes]
    stages = [stage_of(each) for each in enactments if is_current(each, policy)]
    wanted = _policy_conditions(len(ready), ready.count(False), stages)
    made["conditions"] = _beaten(objects(made, "conditions"), wanted, now)
    busy = sum(1 for stage in stages if stage in _BUSY or stage is Stage.FAILING)
    if busy:
        made["unavailableNodeCountMap"] = {str(generation(policy)): busy}
    else:
        made.pop("unavailableNodeCountMap", None)
    return made


def is_ready(node: Document) -> bool:
    """Whether a node does not say that it is not."""
    found = conditions.find_condition(node, "Ready")
    return found is None or text(found, "status") == "True"


def _policy_conditions(nodes: int, missing: int, stages: list[Stage | None]) -> list[Document]:
    """``missing`` of the ``nodes`` are not ready."""
    finished = sum(1 for stage in stages if stage in FINAL)
    failed = stages.count(Stage.FAILING) + stages.count(Stage.RETRYING)
    aborted, pending = stages.count(Stage.ABORTED), stages.count(Stage.PENDING)
    ignored = f", {missing} nodes ignored due to NotReady state" if missing else ""
    if nodes == 0:
        return _four("Ignored", "NoMatchingNode", "Policy does not match any node")
    if failed or aborted:
        message = f"{failed}/{nodes} nodes failed to configure"
        if aborted:
            message += f", {aborted} nodes aborted configuration"
        return _four("Degraded", "FailedToConfigure", message)
    if finished < nodes - missing or pending:
        message = f"Policy is progressing {finished}/{nodes - missing} nodes finished"
        message += f", {pending} pending" if pending else ""
        return _four("Progressing", "ConfigurationProgressing", message + ignored)
    message = f"{finished}/{nodes} nodes successfully configured{ignored}"
    return _four("Available", "SuccessfullyConfigured", message)


def _four(true: str, reason: str, message: str) -> list[Document]:
    """The conditions of a policy, of which one is True and has the message."""
    unknown = {"Available", "Degraded"} if true == "Progressing" else set()
    return [
        condition(
            kind,
            "True" if kind == true else "Unknown" if kind in unknown else "False",
            reason=reason,
            message=message if kind == true else "",
        )
        for kind in ("Degraded", "Available", "Progressing", "Ignored")
    ]


def state_document(node: Document) -> Document:
    """The state of a node without status; it goes with its node."""
    owner: list[JsonValue] = [
        {
            "apiVersion": NODE.api_version,
            "kind": NODE.name,
            "name": name_of(node),
            "uid": uid_of(node),
        }
    ]
    return {
        "apiVersion": NODE_NETWORK_ENACTMENT.api_version,
        "kind": "NodeNetworkState",
        "metadata": {"name": name_of(node), "ownerReferences": owner},
    }


def oldest_first(policies: Iterable[Document]) -> list[Document]:
    """Policies in the order in which they were made."""
    return sorted(
        policies,
        key=lambda each: (text(each, "metadata", "creationTimestamp"), name_of(each)),
    )
