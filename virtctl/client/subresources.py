"""KubeVirt's subresources: paths, and one call for each shape (spec of the verbs: api.md §2)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING

from virtctl.client.messages import Answer, Query, Request, segment
from virtctl.models.documents import Document, JsonValue

if TYPE_CHECKING:
    from virtctl.client.rest import Rest

ROOT = "/apis/subresources.kubevirt.io/v1"


class Owner(StrEnum):
    """The resources that have subresources."""

    VM = "virtualmachines"
    VMI = "virtualmachineinstances"


def path(owner: Owner, namespace: str, name: str, verb: str) -> str:
    """Path of one subresource; ``verb`` may hold further segments.

    Raises ``UsageError`` for a name that no path can hold.
    """
    return f"{ROOT}/namespaces/{segment(namespace)}/{owner}/{segment(name)}/{verb}"


def put(
    rest: Rest, owner: Owner, namespace: str, name: str, verb: str, body: Document | None = None
) -> Answer:
    """PUT a verb. None sends no body, which is not the same as an empty one.

    Raises ``ApiError``.
    """
    return rest.send(Request("PUT", path(owner, namespace, name, verb), body=body))


def get(
    rest: Rest, owner: Owner, namespace: str, name: str, verb: str, query: Query | None = None
) -> JsonValue:
    """GET a verb that answers with JSON. Raises ``ApiError``."""
    return rest.send(Request("GET", path(owner, namespace, name, verb), query or {})).json()


def server_version(rest: Rest) -> Document:
    """KubeVirt's version answer. Raises ``ApiError``; ``NotFound`` when KubeVirt is not there."""
    return rest.send(Request("GET", f"{ROOT}/version")).document()


def dry_run(body: Mapping[str, JsonValue], *, wanted: bool) -> Document:
    """``body`` with ``dryRun: [All]`` when wanted."""
    return {**body, "dryRun": ["All"]} if wanted else dict(body)
