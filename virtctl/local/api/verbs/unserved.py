"""Verbs that KubeVirt has and this server not: the refusals that KubeVirt would give first."""

from __future__ import annotations

from virtctl.errors import ApiError, BadRequest
from virtctl.local.api.service import ApiService
from virtctl.local.api.verbs import gates, instances, refusals
from virtctl.models import documents
from virtctl.models.documents import Document
from virtctl.models.kinds import VIRTUAL_MACHINE_INSTANCE

BACKUPS = frozenset({"backup", "redefine-checkpoint"})
_SEV_GATE = "WorkloadEncryptionSEV"
_MEASURING = frozenset({"sev/querylaunchmeasurement", "sev/injectlaunchsecret"})
_SESSION = {"session": "Session blob is required", "dhCert": "DH cert is required"}


def refusal(
    service: ApiService, namespace: str, name: str, verb: str, options: Document | None = None
) -> ApiError:
    """Why ``verb`` of an instance, with ``options``, is not to be had. Raises ``NotFound``."""
    if verb.startswith("sev/") and not gates.is_on(service, _SEV_GATE):
        return BadRequest(f"'{_SEV_GATE}' feature gate is not enabled")
    if verb == "sev/setupsession":
        for field, problem in _SESSION.items():
            if not (options or {}).get(field):
                return BadRequest(problem)
    vmi = instances.instance(service, namespace, name)
    problem = _attestation_problem(vmi, verb) if verb.startswith("sev/") else ""
    if problem:
        return refusals.conflict(VIRTUAL_MACHINE_INSTANCE, name, problem)
    if verb == "backup" and instances.phase(vmi) != "Running":
        return refusals.conflict(VIRTUAL_MACHINE_INSTANCE, name, "VM is not running")
    tracking = documents.text(vmi, "status", "changedBlockTracking", "state")
    if verb == "redefine-checkpoint" and tracking != "Enabled":
        problem = "ChangedBlockTracking is not enabled"
        return refusals.conflict(VIRTUAL_MACHINE_INSTANCE, name, problem)
    return refusals.not_served(f"virtualmachineinstances/{verb}")


def _attestation_problem(vmi: Document, verb: str) -> str:
    """What keeps an instance from being attested; empty when nothing does."""
    phase = instances.phase(vmi)
    if verb == "sev/setupsession" and phase != "Scheduled":
        return "VMI is not in Scheduled phase"
    if verb == "sev/fetchcertchain" and phase not in {"Scheduled", "Running"}:
        return "VMI is not assigned to a node yet"
    if verb in _MEASURING and phase != "Running":
        return "VMI is not running"
    wanted = documents.child(vmi, "spec", "domain", "launchSecurity", "sev")
    if wanted.get("attestation") is None:
        return "Attestation not requested for VMI"
    return _session_problem(vmi, wanted, verb)


def _session_problem(vmi: Document, wanted: Document, verb: str) -> str:
    """What keeps an instance that asks for attestation from ``verb``."""
    if verb == "sev/setupsession" and (wanted.get("session") or wanted.get("dhCert")):
        return "Session already defined"
    if verb in _MEASURING and not instances.has_condition(vmi, "Paused"):
        return "VMI is not paused"
    return ""
