"""Verbs of running instances that the launcher carries out: pause, reset, guest information."""

from __future__ import annotations

from virtctl.errors import BadRequest
from virtctl.local.api.service import ApiService
from virtctl.local.api.verbs import instances, refusals
from virtctl.local.api.verbs.ports import GuestAction, Machines
from virtctl.models import documents
from virtctl.models.documents import Document, JsonValue
from virtctl.models.kinds import VIRTUAL_MACHINE, VIRTUAL_MACHINE_INSTANCE

READS = frozenset({GuestAction.OS_INFO, GuestAction.USERS, GuestAction.FILESYSTEMS})
"""Actions of GET; virt-api answers their failures as plain text with code 500."""

_NO_AGENT = "VMI does not have guest agent connected"
_PROBED = "Pausing VMIs with a non-GuestAgentPing LivenessProbe is not supported"
_UNREACHABLE = (
    "Failed to reset non-running VMI with phase {phase}: Unable to connect to "
    "VirtualMachineInstance because phase is {phase} instead of Running or Scheduled"
)


class Guests:
    """The verbs of ``virtualmachineinstances`` that need no stream."""

    def __init__(self, service: ApiService, machines: Machines) -> None:
        self._service = service
        self._machines = machines

    async def act(
        self, namespace: str, name: str, action: GuestAction, body: Document
    ) -> JsonValue:
        """Check and carry out ``action``; returns what a GET answers with. Raises ``ApiError``."""
        if action is GuestAction.UNPAUSE:
            self._check_snapshot(namespace, name)
        vmi = instances.instance(self._service, namespace, name)
        _check(vmi, name, action)
        if action is GuestAction.FREEZE:
            check_freeze(body)
        if "All" in documents.items(body, "dryRun"):
            return None
        return await self._machines.act(vmi, action, body)

    def _check_snapshot(self, namespace: str, name: str) -> None:
        """A guest that stands still for a snapshot stays so."""
        vm = self._service.find(VIRTUAL_MACHINE, namespace, name)
        if vm is not None and documents.text(vm, "status", "snapshotInProgress"):
            raise refusals.conflict(VIRTUAL_MACHINE, name, "VM snapshot is in progress")


def _check(vmi: Document, name: str, action: GuestAction) -> None:
    """Refuse what the instance's state does not allow."""
    phase = instances.phase(vmi)
    if action is GuestAction.RESET and phase not in {"Running", "Scheduled"}:
        raise BadRequest(_UNREACHABLE.format(phase=phase))
    if action is GuestAction.PAUSE and phase == "Running" and _has_foreign_probe(vmi):
        raise refusals.forbidden(VIRTUAL_MACHINE_INSTANCE, name, _PROBED)
    problem = _problem(vmi, action)
    if problem is not None:
        raise refusals.conflict(VIRTUAL_MACHINE_INSTANCE, name, problem)
    if action in READS and not instances.has_condition(vmi, "AgentConnected"):
        raise refusals.conflict(VIRTUAL_MACHINE_INSTANCE, name, _NO_AGENT)


_NOT_RUNNING = {
    GuestAction.PAUSE: "VM is not running",
    GuestAction.UNPAUSE: "VMI is not running",
    GuestAction.SOFT_REBOOT: "VM is not running",
    GuestAction.FREEZE: "VM is not running",
    GuestAction.UNFREEZE: "VMI is not running",
}


def _problem(vmi: Document, action: GuestAction) -> str | None:
    """Why the instance's state does not allow ``action``."""
    phase = instances.phase(vmi)
    if phase != "Running":
        if action is GuestAction.RESET:
            return f"Failed to reset non-running VMI with phase {phase}"
        return _NOT_RUNNING.get(action, "VMI is not running")
    return _running_problem(vmi, action)


def _running_problem(vmi: Document, action: GuestAction) -> str | None:
    paused = instances.has_condition(vmi, "Paused")
    match action:
        case GuestAction.PAUSE if paused:
            return "VMI is already paused"
        case GuestAction.UNPAUSE if not paused:
            return "VMI is not paused"
        case GuestAction.SOFT_REBOOT if paused:
            return "VMI is paused"
        case GuestAction.SOFT_REBOOT if not _can_reboot(vmi):
            return "VMI neither have the agent connected nor the ACPI feature enabled"
        case _:
            return None


def _can_reboot(vmi: Document) -> bool:
    if instances.has_condition(vmi, "AgentConnected"):
        return True
    features = documents.child(vmi, "spec", "domain", "features")
    return documents.flag(features, "acpi", "enabled", default=True)


def _has_foreign_probe(vmi: Document) -> bool:
    probe = documents.child(vmi, "spec", "livenessProbe")
    return bool(probe) and "guestAgentPing" not in probe


def check_freeze(body: Document) -> None:
    """Refuse a time-out that is no duration such as ``5m0s``."""
    timeout = body.get("unfreezeTimeout")
    if timeout is not None and not isinstance(timeout, str):
        raise BadRequest(f"`unfreezeTimeout` must be a duration such as 5m0s; got `{timeout}`")
