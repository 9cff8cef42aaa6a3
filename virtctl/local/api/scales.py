"""``autoscaling/v1 Scale``: how many replicas an object has and shall have, read out of it. Pure.

Kinds with the subresource keep the number wanted in ``spec.replicas`` and the number there in
``status.replicas``; ``ScalePaths`` says so for those that do it otherwise.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass

from virtctl.errors import BadRequest, Cause
from virtctl.local.api import catalog
from virtctl.models.documents import (
    Document,
    JsonValue,
    child,
    find,
    name_of,
    namespace_of,
    put,
    text,
    uid_of,
)
from virtctl.models.kinds import Kind
from virtctl.wire import status
from virtctl.wire.jsonpatches import apply_json_patch
from virtctl.wire.labelselectors import spell_selector
from virtctl.wire.patches import (
    PatchBody,
    PatchType,
    apply_merge_patch,
    parse_type,
)

API_VERSION = "autoscaling/v1"
_KIND = "Scale"


@dataclass(frozen=True)
class ScalePaths:
    """Where the numbers are. ``selector`` is a spelled selector; empty when there is none."""

    spec: tuple[str, ...] = ("spec", "replicas")
    status: tuple[str, ...] = ("status", "replicas")
    selector: tuple[str, ...] = ("status", "labelSelector")


_CUSTOM = ScalePaths()


def build_scale(kind: Kind, document: Document, paths: ScalePaths = _CUSTOM) -> Document:
    """The scale of ``document``. Zeroes are left out, as Go's ``omitempty`` does."""
    metadata: Document = {
        "name": name_of(document),
        "namespace": namespace_of(document),
        "uid": uid_of(document),
        "resourceVersion": text(document, "metadata", "resourceVersion"),
        "creationTimestamp": text(document, "metadata", "creationTimestamp") or None,
    }
    wanted, there = find(document, *paths.spec), find(document, *paths.status)
    return {
        "apiVersion": API_VERSION,
        "kind": _KIND,
        "metadata": metadata,
        "spec": {"replicas": wanted} if wanted else {},
        "status": {"replicas": there or 0, **_selector(kind, document, paths)},
    }


def _selector(kind: Kind, document: Document, paths: ScalePaths) -> Document:
    if catalog.is_builtin(kind):
        spelled: JsonValue = spell_selector(child(document, "spec", "selector"))
    else:
        spelled = find(document, *paths.selector) if paths.selector else None
    return {"selector": spelled} if spelled else {}


def patch_scale(scale: Document, patch: PatchBody) -> Document:
    """``scale`` after a JSON or merge patch. Raises ``BadRequest``."""
    match parse_type(patch.content_type):
        case PatchType.JSON:
            return apply_json_patch(scale, patch.body)
        case _:
            result = apply_merge_patch(deepcopy(scale), patch.body)
            if not isinstance(result, dict):
                raise BadRequest("error decoding patch: a patch of a scale is an object")
            return result


def scaled(
    kind: Kind, document: Document, scale: Document, paths: ScalePaths = _CUSTOM
) -> Document:
    """``document`` with the number of replicas of ``scale``. Raises ``Invalid`` and others."""
    if scale.get("kind") not in {None, "", _KIND}:
        raise BadRequest(f"expected a {_KIND} of {API_VERSION}, got a {scale.get('kind')}")
    if name_of(scale) not in {"", name_of(document)}:
        raise BadRequest(
            f"the name of the object ({name_of(scale)}) does not match the name on the URL "
            f"({name_of(document)})"
        )
    wanted = find(scale, "spec", "replicas") or 0
    if not isinstance(wanted, int) or isinstance(wanted, bool):
        raise BadRequest("`spec.replicas` of a scale must be a number")
    if wanted < 0:
        field = ".".join(("", *paths.spec))
        problem = f"Invalid value: {wanted}: should be a non-negative integer"
        raise status.invalid(kind, name_of(document), (Cause("FieldValueInvalid", problem, field),))
    made = deepcopy(document)
    put(made, wanted, *paths.spec)
    given = text(scale, "metadata", "resourceVersion")
    if given:
        put(made, given, "metadata", "resourceVersion")
    return made
