"""Whether feature gates are on, as verbs need to know."""

from __future__ import annotations

from virtctl.local.api.context import AdmissionContext
from virtctl.local.api.service import ApiService
from virtctl.models import documents
from virtctl.models.kinds import KUBEVIRT


def is_on(service: ApiService, gate: str) -> bool:
    """Whether ``gate`` is on in the configuration of the KubeVirt object."""
    for installed in service.list(KUBEVIRT).items:
        configuration = documents.child(installed, "spec", "configuration")
        return AdmissionContext(configuration=configuration).has_gate(gate)
    return AdmissionContext().has_gate(gate)
