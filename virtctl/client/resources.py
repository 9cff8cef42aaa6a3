"""Objects of any kind: get, list, create, replace, patch, delete, watch; kinds by discovery."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from virtctl.client.messages import JSON, Query, Request, segment
from virtctl.errors import ApiError, Gone, NotFound, UsageError
from virtctl.models.documents import Document, JsonValue, flag, items, objects, text
from virtctl.models.kinds import Kind, by_name, by_word
from virtctl.wire.status import parse_status

if TYPE_CHECKING:
    from virtctl.client.rest import Rest

MERGE_PATCH = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"
TABLE = f"{JSON};as=Table;v=v1;g=meta.k8s.io, {JSON}"
_AGGREGATED = f"{JSON};g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList, {JSON}"
_CHUNK = "500"


class Event(NamedTuple):
    """One watch event: ADDED, MODIFIED, DELETED or BOOKMARK."""

    type: str
    object: Document


def path(kind: Kind, namespace: str = "", name: str = "", subresource: str = "") -> str:
    """URL path of a collection, an object or a subresource; an empty namespace means all.

    Raises ``UsageError`` for a name that no path can hold.
    """
    parts = ["/apis" if kind.group else "/api", kind.api_version]
    if kind.namespaced and namespace:
        parts += ["namespaces", segment(namespace)]
    parts.append(kind.plural)
    if name:
        parts.append(segment(name))
    if subresource:
        parts.append(subresource)
    return "/".join(parts)


def _object(kind: Kind, namespace: str, name: str) -> str:
    """Path of one object, never of a collection. Raises ``UsageError``."""
    return path(kind, namespace, segment(name))


def get(rest: Rest, kind: Kind, namespace: str, name: str, *, table: bool = False) -> Document:
    """One object, or a server-made Table of it. Raises ``NotFound`` and other ``ApiError``."""
    request = Request("GET", _object(kind, namespace, name), accept=TABLE if table else JSON)
    return rest.send(request).document()


def find(rest: Rest, kind: Kind, namespace: str, name: str) -> Document | None:
    """One object, or None when there is none."""
    try:
        return get(rest, kind, namespace, name)
    except NotFound:
        return None


def pages(
    rest: Rest, kind: Kind, namespace: str, query: Query | None = None, *, table: bool = False
) -> Iterator[Document]:
    """The list (or Table) answers of a whole collection, 500 objects each."""
    token = ""
    while True:
        asked = {**(query or {}), "limit": _CHUNK, **({"continue": token} if token else {})}
        request = Request("GET", path(kind, namespace), asked, accept=TABLE if table else JSON)
        page = rest.send(request).document()
        yield page
        token = text(page, "metadata", "continue")
        if not token:
            return


def list_all(rest: Rest, kind: Kind, namespace: str, query: Query | None = None) -> list[Document]:
    """All objects of a collection, with ``apiVersion`` and ``kind`` filled in."""
    request = Request("GET", path(kind, namespace), query or {}, accept=JSON)
    return [
        {"apiVersion": kind.api_version, "kind": kind.name, **one}
        for one in objects(rest.send(request).document(), "items")
    ]


def create(
    rest: Rest, kind: Kind, namespace: str, document: Document, query: Query | None = None
) -> Document:
    """POST an object. Raises ``AlreadyExists`` and other ``ApiError``."""
    return rest.send(Request("POST", path(kind, namespace), query or {}, document)).document()


def replace(
    rest: Rest, kind: Kind, namespace: str, document: Document, query: Query | None = None
) -> Document:
    """PUT an object; its resourceVersion, when set, must be the current one."""
    where = _object(kind, namespace, text(document, "metadata", "name"))
    return rest.send(Request("PUT", where, query or {}, document)).document()


def patch(  # noqa: PLR0913, PLR0917 - what a patch is
    rest: Rest, kind: Kind, namespace: str, name: str, body: JsonValue,
    content_type: str = MERGE_PATCH, query: Query | None = None,
) -> Document:  # fmt: skip
    """PATCH an object."""
    request = Request("PATCH", _object(kind, namespace, name), query or {}, body, content_type)
    return rest.send(request).document()


def delete(
    rest: Rest, kind: Kind, namespace: str, name: str, options: Document | None = None
) -> Document:
    """DELETE an object; the answer is the object or a Status."""
    body: Document = {"kind": "DeleteOptions", "apiVersion": "v1", **(options or {})}
    return rest.send(Request("DELETE", _object(kind, namespace, name), body=body)).document()


def watch(
    rest: Rest, kind: Kind, namespace: str, query: Mapping[str, str], *, table: bool = False
) -> Iterator[Event]:
    """Events until the server ends the watch.

    Raises ``Gone`` when the resourceVersion asked for is too old.
    """
    request = Request(
        "GET", path(kind, namespace), {**query, "watch": "true"}, accept=TABLE if table else JSON
    )
    for line in rest.lines(request):
        event = json.loads(line)
        document = event.get("object")
        if event.get("type") == "ERROR" and isinstance(document, dict):
            raise parse_status(document)
        if isinstance(document, dict):
            yield Event(str(event.get("type")), document)


def kind_for_word(rest: Rest, word: str) -> Kind:
    """The kind that a user means, asking the server for those that we do not know.

    Raises ``UsageError`` when the server serves no such kind.
    """
    known = by_word(word)
    if known is not None:
        return known
    low = word.lower()
    for kind in discover(rest):
        names = {kind.plural, kind.singular, kind.resource, kind.name.lower(), *kind.short}
        if low in names or low == f"{kind.plural}.{kind.version}.{kind.group}":
            return kind
    raise UsageError(f"the server has no resource type `{word}`")


def kind_for_object(rest: Rest, document: Document) -> Kind:
    """The kind of a manifest. Raises ``UsageError`` when the server serves no such kind."""
    version, name = text(document, "apiVersion"), text(document, "kind")
    known = by_name(version, name)
    if known is not None:
        return known
    for kind in discover(rest):
        if (kind.api_version, kind.name) == (version, name):
            return kind
    raise UsageError(f"the server has no kind `{name}` in version `{version}`")


def discover(rest: Rest) -> Iterator[Kind]:
    """Every kind served: aggregated discovery, else one list for each group and version."""
    for root in ("/api", "/apis"):
        answer = rest.send(Request("GET", root, accept=_AGGREGATED)).document()
        if answer.get("kind") == "APIGroupDiscoveryList":
            yield from _aggregated(answer)
        else:
            yield from _legacy(rest, root, answer)


def _aggregated(answer: Document) -> Iterator[Kind]:
    for group in objects(answer, "items"):
        for version in objects(group, "versions"):
            for found in objects(version, "resources"):
                yield Kind(
                    text(group, "metadata", "name"),
                    text(version, "version"),
                    text(found, "responseKind", "kind"),
                    text(found, "resource"),
                    text(found, "scope") != "Cluster",
                    tuple(str(s) for s in items(found, "shortNames")),
                    tuple(str(s) for s in items(found, "categories")),
                )


def _legacy(rest: Rest, root: str, answer: Document) -> Iterator[Kind]:
    if root == "/api":
        versions = [str(v) for v in items(answer, "versions")]
    else:
        groups = objects(answer, "groups")
        versions = [text(v, "groupVersion") for g in groups for v in objects(g, "versions")]
    for group_version in versions:
        group, _, version = group_version.rpartition("/")
        try:
            listed = rest.send(Request("GET", f"{root}/{group_version}", accept=JSON)).document()
        except ApiError:
            continue  # one broken aggregated API must not hide the others
        for found in objects(listed, "resources"):
            if "/" not in text(found, "name"):
                yield Kind(
                    group, version, text(found, "kind"), text(found, "name"),
                    flag(found, "namespaced"),
                    tuple(str(s) for s in items(found, "shortNames")),
                    tuple(str(s) for s in items(found, "categories")),
                )  # fmt: skip


__all__ = [
    "APPLY_PATCH",
    "JSON_PATCH",
    "MERGE_PATCH",
    "Event",
    "Gone",
    "create",
    "delete",
    "discover",
    "find",
    "get",
    "kind_for_object",
    "kind_for_word",
    "list_all",
    "pages",
    "patch",
    "path",
    "replace",
    "watch",
]  # fmt: skip
