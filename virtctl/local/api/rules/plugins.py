"""Rules of Plugins, which are alpha: none is taken while their gate is off."""

from __future__ import annotations

from collections.abc import Iterator

from virtctl.errors import ApiError, Cause
from virtctl.local.api.context import AdmissionContext
from virtctl.models.documents import Document

VALIDATOR = "plugin-validator.plugin.kubevirt.io"


def plugin_causes(document: Document, context: AdmissionContext) -> Iterator[Cause]:
    """Nothing is wrong with a plugin. Raises ``ApiError`` while there may be none."""
    del document
    if context.is_create and not context.has_gate("Plugins"):
        raise ApiError(
            f'admission webhook "{VALIDATOR}" denied the request: '
            "Plugins feature gate is not enabled",
            code=400,
            reason="",
        )
    return iter(())
