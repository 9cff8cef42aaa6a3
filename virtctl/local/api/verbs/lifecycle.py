"""start, stop and restart of machines: requests to the controllers, as patches.

What each run strategy allows, and the wording, is virt-api's (spec/api.md section 2.1).
"""

from __future__ import annotations

from dataclasses import dataclass

from virtctl.errors import BadRequest
from virtctl.local.api.service import Actor, ApiService, WriteOptions
from virtctl.local.api.verbs import instances, refusals
from virtctl.models import documents
from virtctl.models.documents import Document, JsonValue
from virtctl.models.kinds import VIRTUAL_MACHINE, VIRTUAL_MACHINE_INSTANCE
from virtctl.wire.patches import json_patch

_UNDERWAY = "unable to complete request: stop/start already underway"
_RECOVERY = (
    "VM recovery required: Volume migration failed, leaving some volumes pointing to "
    "non-consistent targets; manual intervention is needed to reassign them to their original "
    "volumes."
)


@dataclass(frozen=True)
class _Subject:
    """A machine, its instance if there is one, and how to write."""

    name: str
    vm: Document
    vmi: Document | None
    options: WriteOptions

    @property
    def strategy(self) -> str:
        return instances.strategy(self.vm)

    @property
    def is_up(self) -> bool:
        """Whether there is an instance that has not ended."""
        return self.vmi is not None and not instances.is_final(self.vmi)

    @property
    def uid(self) -> str:
        return documents.uid_of(self.vmi) if self.vmi else ""


class Lifecycle:
    """The verbs of ``virtualmachines`` that change whether a machine runs.

    Each takes the decoded options body and raises ``ApiError`` to refuse.
    """

    def __init__(self, service: ApiService) -> None:
        self._service = service

    def _subject(self, namespace: str, name: str, body: Document, actor: Actor) -> _Subject:
        vm = instances.machine(self._service, namespace, name)
        vmi = instances.find_instance(self._service, namespace, name)
        dry = "All" in documents.items(body, "dryRun")
        # The verb was authorised; that it writes spec and status is how it works, not who asks.
        system = Actor(actor.name, actor.groups, actor.uid, system=True)
        return _Subject(name, vm, vmi, WriteOptions(actor=system, dry_run=dry))

    def start(self, namespace: str, name: str, body: Document, actor: Actor) -> None:
        """Start the machine; ``paused`` in ``body`` starts it paused."""
        subject = self._subject(namespace, name, body, actor)
        if subject.is_up and instances.phase(subject.vmi or {}) not in {"", "Unknown"}:
            raise refusals.conflict(VIRTUAL_MACHINE, name, "VM is already running")
        if instances.has_condition(subject.vm, "ManualRecoveryRequired"):
            raise refusals.conflict(VIRTUAL_MACHINE, name, _RECOVERY)
        paused = documents.flag(body, "paused")
        request: Document = {"action": "Start"}
        if paused:
            request["data"] = {"paused": "true"}
        match subject.strategy:
            case "Halted" if not paused:
                self._set_running(subject, running=True)
            case "Halted":
                self._request(subject, request)
            case "Manual":
                self._request(subject, *_replacing(subject), request)
            case "RerunOnFailure":
                if subject.vmi is not None and instances.phase(subject.vmi) == "Failed":
                    raise refusals.conflict(
                        VIRTUAL_MACHINE,
                        name,
                        "RerunOnFailure does not support starting VM from failed state",
                    )
                self._request(subject, *_replacing(subject), request)
            case strategy:
                raise refusals.conflict(
                    VIRTUAL_MACHINE, name, f"{strategy} does not support manual start requests"
                )

    def stop(self, namespace: str, name: str, body: Document, actor: Actor) -> None:
        """Stop the machine; ``gracePeriod`` in ``body`` replaces the instance's (seconds)."""
        subject = self._subject(namespace, name, body, actor)
        asked = body.get("gracePeriod")
        strategy = subject.strategy
        if strategy in {"Halted", "Manual", "RerunOnFailure"} and not subject.is_up:
            raise refusals.conflict(VIRTUAL_MACHINE, name, "VM is not running")
        if strategy == "Halted":
            current = _grace(subject.vmi)
            longer = current is not None and isinstance(asked, int) and asked >= current
            if not isinstance(asked, int) or longer:
                raise refusals.conflict(
                    VIRTUAL_MACHINE,
                    name,
                    "Halted only supports manual stop requests with a shorter graceperiod",
                )
        if isinstance(asked, int) and subject.is_up:
            self._set_grace(subject, asked)
        if strategy in {"Halted", "Manual", "RerunOnFailure"}:
            self._request(subject, {"action": "Stop", "uid": subject.uid})
        else:
            self._set_running(subject, running=False)

    def restart(self, namespace: str, name: str, body: Document, actor: Actor) -> None:
        """Stop and start the machine; ``gracePeriodSeconds`` 0 forces it."""
        grace = body.get("gracePeriodSeconds")
        if isinstance(grace, int) and grace > 0:
            raise BadRequest("For force restart, only gracePeriod=0 is supported for now")
        if isinstance(grace, int) and grace < 0:
            raise BadRequest("gracePeriod has to be greater or equal to 0")
        subject = self._subject(namespace, name, body, actor)
        if instances.has_condition(subject.vm, "VolumesChange"):
            raise refusals.conflict(VIRTUAL_MACHINE, name, _RECOVERY)
        if subject.strategy in {"Halted", "Once"}:
            raise refusals.conflict(
                VIRTUAL_MACHINE,
                name,
                f"RunStategy {subject.strategy} does not support manual restart requests",
            )
        if subject.vmi is None:
            raise refusals.conflict(VIRTUAL_MACHINE, name, "VM is not running: Halted")
        stop: Document = {"action": "Stop", "uid": subject.uid}
        self._request(subject, stop, {"action": "Start"})
        if grace == 0:
            self._set_grace(subject, 1)

    # Effects

    def _set_running(self, subject: _Subject, *, running: bool) -> None:
        """Change the run strategy, or ``spec.running`` where that is used."""
        if "running" in documents.child(subject.vm, "spec"):
            path: str = "/spec/running"
            before: JsonValue = not running
            after: JsonValue = running
        else:
            path, before = "/spec/runStrategy", subject.strategy
            after = "Always" if running else "Halted"
        self._patch(
            subject,
            "",
            {"op": "test", "path": path, "value": before},
            {"op": "replace", "path": path, "value": after},
        )
        if running:
            self._clear_failure(subject)

    def _clear_failure(self, subject: _Subject) -> None:
        if documents.find(subject.vm, "status", "startFailure") is not None:
            self._patch(subject, "status", {"op": "remove", "path": "/status/startFailure"})

    def _request(self, subject: _Subject, *requests: Document) -> None:
        """Put ``requests`` before the controller; a lone stop replaces what waits there."""
        waiting = documents.items(subject.vm, "status", "stateChangeRequests")
        stopping = len(requests) == 1 and requests[0]["action"] == "Stop"
        if waiting and not stopping:
            raise refusals.internal(_UNDERWAY)
        operations: list[Document] = []
        if "status" not in subject.vm:
            operations.append({"op": "add", "path": "/status", "value": {}})
        operations.append(
            {"op": "add", "path": "/status/stateChangeRequests", "value": [*requests]}
        )
        if documents.find(subject.vm, "status", "startFailure") is not None:
            operations.append({"op": "remove", "path": "/status/startFailure"})
        self._patch(subject, "status", *operations)

    def _patch(self, subject: _Subject, subresource: str, *operations: Document) -> None:
        self._service.patch(
            VIRTUAL_MACHINE,
            documents.namespace_of(subject.vm),
            subject.name,
            json_patch(*operations),
            subresource=subresource,
            options=subject.options,
        )

    def _set_grace(self, subject: _Subject, seconds: int) -> None:
        path = "/spec/terminationGracePeriodSeconds"
        self._service.patch(
            VIRTUAL_MACHINE_INSTANCE,
            documents.namespace_of(subject.vm),
            subject.name,
            json_patch({"op": "add", "path": path, "value": seconds}),
            options=subject.options,
        )


def _grace(vmi: Document | None) -> int | None:
    value = documents.find(vmi or {}, "spec", "terminationGracePeriodSeconds")
    return value if isinstance(value, int) else None


def _replacing(subject: _Subject) -> list[Document]:
    """The stop request that clears away an ended instance before a start."""
    if subject.vmi is None or not instances.is_final(subject.vmi):
        return []
    return [{"action": "Stop", "uid": subject.uid}]
