"""Rules of access reviews and token requests, worded as upstream."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from virtctl.errors import Cause
from virtctl.local.api.rules.causes import invalid, required
from virtctl.local.api.rules.names import qualified_problems
from virtctl.models.documents import Document, JsonValue, child, find, items, objects, text

_LEAST_SECONDS = 600
_MOST_SECONDS = 2**32


def access_causes(name: str, review: Document) -> Iterator[Cause]:
    """What is wrong with a review of the kind ``name``."""
    spec = child(review, "spec")
    yield from _attribute_causes(spec)
    if not name.startswith("Self") and not text(spec, "user") and not items(spec, "groups"):
        yield _wrong("spec.user", "", "at least one of user or group must be specified")
    resource = find(spec, "resourceAttributes")
    if isinstance(resource, dict):
        for field in ("fieldSelector", "labelSelector"):
            selector = resource.get(field)
            if isinstance(selector, dict):
                yield from _selector_causes(field, selector)
    yield from _local_causes(review) if name.startswith("Local") else _meta_causes(review)


def _attribute_causes(spec: Document) -> Iterator[Cause]:
    resource, plain = spec.get("resourceAttributes"), spec.get("nonResourceAttributes")
    if resource is not None and plain is not None:
        problem = "cannot be specified in combination with resourceAttributes"
        yield _wrong("spec.nonResourceAttributes", _paths(spec), problem)
    if resource is None and plain is None:
        problem = "exactly one of nonResourceAttributes or resourceAttributes must be specified"
        yield _wrong("spec.resourceAttributes", None, problem)


def _paths(spec: Document) -> Document:
    """The attributes of a path, in the spelling of the API server's own structure."""
    plain = child(spec, "nonResourceAttributes")
    return {"Path": text(plain, "path"), "Verb": text(plain, "verb")}


def _meta_causes(review: Document) -> Iterator[Cause]:
    given: Document = {key: value for key, value in child(review, "metadata").items() if value}
    if given:
        yield _wrong("metadata", given, "must be empty")


def _local_causes(review: Document) -> Iterator[Cause]:
    spec, metadata = child(review, "spec"), child(review, "metadata")
    if any(value for key, value in metadata.items() if key != "namespace"):
        yield _wrong("metadata", metadata, "must be empty except for namespace")
    if "resourceAttributes" in spec:
        namespace = text(spec, "resourceAttributes", "namespace")
        if namespace != text(metadata, "namespace"):
            where = "spec.resourceAttributes.namespace"
            yield _wrong(where, namespace, "must match metadata.namespace")
    if "nonResourceAttributes" in spec:
        where = "spec.nonResourceAttributes"
        yield _wrong(where, _paths(spec), "disallowed on this kind of request")


def _selector_causes(field: str, selector: Document) -> Iterator[Cause]:
    path = f"spec.resourceAttributes.{field}"
    raw, conditions = text(selector, "rawSelector"), list(objects(selector, "requirements"))
    if raw and conditions:
        problem = "may not specified at the same time as requirements"
        yield _wrong(f"{path}.rawSelector", raw, problem)
    if not raw and not conditions:
        problem = f"when {path} is specified, requirements or rawSelector is required"
        yield required(f"{path}.requirements", f"Required value: {problem}")
    for position, condition in enumerate(conditions):
        yield from _condition_causes(field, condition, f"{path}.requirements[{position}]")


def _condition_causes(field: str, condition: Document, path: str) -> Iterator[Cause]:
    key, operator = text(condition, "key"), text(condition, "operator")
    values = items(condition, "values")
    if operator in {"In", "NotIn"} and not values:
        problem = "must be specified when `operator` is 'In' or 'NotIn'"
        yield required(f"{path}.values", f"Required value: {problem}")
    if operator in {"Exists", "DoesNotExist"} and values:
        problem = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
        yield Cause("FieldValueForbidden", f"Forbidden: {problem}", f"{path}.values")
    if field == "labelSelector":
        for problem in qualified_problems(key):
            yield _wrong(f"{path}.key", key, problem)
    elif not key:
        yield required(f"{path}.key", "Required value: must be specified")


def token_causes(request: Document) -> Iterator[Cause]:
    """What is wrong with a request for a token."""
    seconds = find(request, "spec", "expirationSeconds")
    if not isinstance(seconds, int):
        return
    where = "spec.expirationSeconds"
    if seconds < _LEAST_SECONDS:
        yield _wrong(where, seconds, "may not specify a duration less than 10 minutes")
    if seconds > _MOST_SECONDS:
        yield _wrong(where, seconds, "may not specify a duration larger than 2^32 seconds")


def _wrong(field: str, value: JsonValue, problem: str) -> Cause:
    return invalid(field, f"Invalid value: {msgspec.json.encode(value).decode()}: {problem}")
