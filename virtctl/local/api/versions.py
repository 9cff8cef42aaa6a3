"""Objects as they are in other versions of their kinds than those that they are stored in."""

from __future__ import annotations

from virtctl.local.api.defaults import autoscalers
from virtctl.models.documents import Document
from virtctl.models.kinds import AUTOSCALER


def in_version(document: Document, api_version: str) -> Document:
    """A copy of ``document`` in ``api_version``; few kinds differ in more than its name."""
    is_autoscaler = document.get("kind") == AUTOSCALER.name and "spec" in document
    if api_version == autoscalers.V1 and is_autoscaler:
        return autoscalers.as_first_version(document)
    return {**document, "apiVersion": api_version}
