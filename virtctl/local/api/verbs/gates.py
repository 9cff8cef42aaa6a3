"""Whether feature gates are on, as verbs need to know."""

from __future__ import annotations

from virtctl.local.api.context import AdmissionContext
from virtctl.local.api.service import ApiService
from virtctl.models import documents
from virtctl.models.documents import Document
from virtctl.models.kinds import KUBEVIRT


def configuration(service: ApiService) -> Document:
    """The configuration of the KubeVirt object; empty when there is none."""
    for installed in service.list(KUBEVIRT).items:
        return documents.child(installed, "spec", "configuration")
    return {}


def is_on(service: ApiService, gate: str) -> bool:
    """Whether ``gate`` is on in the configuration of the KubeVirt object."""
    return AdmissionContext(configuration=configuration(service)).has_gate(gate)
