"""Versions of definitions: which are served and stored, and how objects get between them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from virtctl.errors import Cause
from virtctl.local.api.customs.causes import forbidden, invalid, required, unsupported
from virtctl.local.api.customs.naming import label_problem
from virtctl.models import documents
from virtctl.models.documents import Document, JsonValue

_LONGEST_WARNING = 256
_STRATEGIES = ("None", "Webhook")
_REVIEWS = ("v1", "v1beta1")


def version_causes(spec: Document) -> Iterator[Cause]:
    """What is wrong with the versions of a kind, but for their parts."""
    versions = list(documents.objects(spec, "versions"))
    names = [documents.text(version, "name") for version in versions]
    shown: JsonValue = [_shown(version) for version in versions] if "versions" in spec else None
    for position, (version, name) in enumerate(zip(versions, names, strict=True)):
        path = f"spec.versions[{position}]"
        if problem := label_problem(name):
            yield invalid(f"{path}.name", name, problem)
        yield from _warning_causes(version, f"{path}.deprecationWarning")
    if names and names[0] and (problem := label_problem(names[0])):
        yield invalid("spec.version", names[0], problem)
    if len(set(names)) < len(names):
        yield invalid("spec.versions", shown, "must contain unique version names")
    if sum(1 for version in versions if version.get("storage") is True) != 1:
        problem = "must have exactly one version marked as storage version"
        yield invalid("spec.versions", shown, problem)


def _shown(version: Document) -> Document:
    """A version as it is spelled in messages: without what all of them share."""
    return {
        "Name": documents.text(version, "name"),
        "Served": version.get("served") is True,
        "Storage": version.get("storage") is True,
        "Deprecated": version.get("deprecated") is True,
        "DeprecationWarning": version.get("deprecationWarning"),
        "Schema": None,
        "Subresources": None,
        "AdditionalPrinterColumns": None,
        "SelectableFields": None,
    }


def _warning_causes(version: Document, path: str) -> Iterator[Cause]:
    warning = version.get("deprecationWarning")
    if not isinstance(warning, str):
        return
    if version.get("deprecated") is not True:
        yield invalid(path, warning, "can only be set for deprecated versions")
    elif len(warning) > _LONGEST_WARNING:
        yield invalid(path, warning, f"must be <= {_LONGEST_WARNING} characters long")
    elif not warning:
        yield invalid(path, warning, "must not be an empty string")
    if match := re.search(r"[^\x20-\x7e\xa1-\uffff]", warning):
        problem = (
            "must only contain printable UTF-8 characters; non-printable character found at index "
            f"{match.start()}"
        )
        yield invalid(path, warning, problem)


def stored_causes(document: Document) -> Iterator[Cause]:
    """Versions that objects were stored in stay, until none is left in them."""
    versions = list(documents.objects(document, "spec", "versions"))
    path, stored = "status.storedVersions", documents.items(document, "status", "storedVersions")
    if not stored:
        yield invalid(path, None, "must have at least one stored version")
        return
    left = list(stored)
    for version in versions:
        name = documents.text(version, "name")
        if name in left:
            left.remove(name)
        elif version.get("storage") is True:
            yield invalid(path, stored, f"must have the storage version {name}")
    for kept in left:
        name = str(kept)
        problem = (
            f"missing from spec.versions; {name} was previously a storage version, and must remain "
            "in spec.versions until a storage migration ensures no data remains persisted in "
            f"{name} and removes {name} from status.storedVersions"
        )
        yield invalid(f"{path}[{stored.index(kept)}]", name, problem)


def conversion_causes(spec: Document) -> Iterator[Cause]:
    """What is wrong with the way from one version to another."""
    if "conversion" not in spec:
        return
    conversion, path = documents.child(spec, "conversion"), "spec.conversion"
    strategy = documents.text(conversion, "strategy")
    if not strategy:
        yield required(f"{path}.strategy")
    elif strategy not in _STRATEGIES:
        yield unsupported(f"{path}.strategy", strategy, _STRATEGIES)
    client = documents.find(conversion, "webhook", "clientConfig")
    reviews = documents.items(conversion, "webhook", "conversionReviewVersions")
    if strategy == "Webhook":
        yield from _client_causes(client, f"{path}.webhookClientConfig")
        yield from _review_causes(reviews, f"{path}.conversionReviewVersions")
        return
    problem = "should not be set when strategy is not set to Webhook"
    if isinstance(client, dict):
        yield forbidden(f"{path}.webhookClientConfig", problem)
    if reviews:
        yield forbidden(f"{path}.conversionReviewVersions", problem)


def _client_causes(client: JsonValue, path: str) -> Iterator[Cause]:
    if not isinstance(client, dict):
        yield required(path, "required when strategy is set to Webhook")
        return
    url, service = documents.text(client, "url"), client.get("service")
    if bool(url) == isinstance(service, dict):
        yield required(path, "exactly one of url or service is required")
    elif url and not url.startswith("https://"):
        problem = "'https' is the only allowed URL scheme; desired format: https://host[/path]"
        yield invalid(f"{path}.url", url, problem)
    elif isinstance(service, dict):
        for name in ("name", "namespace"):
            if not service.get(name):
                yield required(f"{path}.service.{name}", f"service {name} is required")


def _review_causes(reviews: list[JsonValue], path: str) -> Iterator[Cause]:
    if not reviews:
        yield required(path)
        return
    for position, review in enumerate(reviews):
        if review in reviews[:position]:
            yield invalid(f"{path}[{position}]", review, "duplicate version")
        elif problem := label_problem(str(review)):
            yield invalid(f"{path}[{position}]", review, problem)
    if not set(_REVIEWS) & {str(review) for review in reviews}:
        yield invalid(path, reviews, f"must include at least one of {', '.join(_REVIEWS)}")
