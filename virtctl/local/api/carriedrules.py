"""Rules that machines carry along in an annotation, as virt-template-validator checks them."""

from __future__ import annotations

from virtctl.errors import ApiError, Cause
from virtctl.local.api.customs.expressions import matches
from virtctl.local.api.webhooks import denial, denied
from virtctl.models.documents import Document, text
from virtctl.wire import validations

WEBHOOK = "virt-template-admission.kubevirt.io"


def check(vm: Document, warnings: list[str]) -> None:
    """Refuse a machine that breaks its own rules. Raises ``ApiError`` and ``Invalid``.

    Rules that only warn are added to ``warnings``.
    """
    if text(vm, "metadata", "deletionTimestamp"):
        return
    try:
        found = list(validations.findings(validations.rules_of(vm), vm, matches))
    except validations.BadRules as error:
        raise ApiError(denied(WEBHOOK, str(error)), code=400, reason="") from error
    warnings.extend(finding.message for finding in found if finding.is_warning)
    broken = [finding for finding in found if not finding.is_warning]
    if broken:
        causes = (Cause("FieldValueInvalid", each.message, each.field) for each in broken)
        raise denial(WEBHOOK, causes)
