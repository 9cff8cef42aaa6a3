"""LimitRanges: what containers get that name no resources, and what goes beyond the bounds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from virtctl.errors import Forbidden, StatusDetails
from virtctl.local.api.context import Stored
from virtctl.models.documents import Document, child, ensure, name_of, namespace_of, objects, text
from virtctl.models.kinds import LIMIT_RANGE, POD, PVC, Kind
from virtctl.wire.quantities import Quantity, quantity_or_none


def apply(kind: Kind, document: Document, stored: Stored) -> None:
    """Give a new pod's containers the namespace's defaults, in place, and check the bounds.

    Raises ``Forbidden``.
    """
    if kind not in {POD, PVC}:
        return
    ranges = sorted(stored.list(LIMIT_RANGE, namespace_of(document)), key=name_of)
    bounds = [one for found in ranges for one in objects(found, "spec", "limits")]
    if kind == POD:
        for container in _containers(document):
            for bound in bounds:
                if text(bound, "type") == "Container":
                    _fill(container, bound)
    problems = [problem for bound in bounds for problem in _problems(kind, document, bound)]
    if problems:
        whole = problems[0] if len(problems) == 1 else f"[{', '.join(problems)}]"
        raise Forbidden(
            f'{kind.resource} "{name_of(document)}" is forbidden: {whole}',
            StatusDetails(name=name_of(document), group=kind.group, kind=kind.plural),
        )


def _containers(pod: Document) -> list[Document]:
    return [*objects(pod, "spec", "initContainers"), *objects(pod, "spec", "containers")]


def _fill(container: Document, bound: Document) -> None:
    own = {*child(container, "resources", "limits")}
    limits = child(bound, "default")
    for resource, amount in limits.items():
        ensure(container, "resources", "limits").setdefault(resource, amount)
    for resource, amount in {**limits, **child(bound, "defaultRequest")}.items():
        if resource not in own:  # a limit of its own is its request, too
            ensure(container, "resources", "requests").setdefault(resource, amount)


def _problems(kind: Kind, document: Document, bound: Document) -> Iterator[str]:
    match text(bound, "type"):
        case "Container" if kind == POD:
            for container in objects(document, "spec", "containers"):
                yield from _beyond(child(container, "resources"), bound, "Container")
        case "PersistentVolumeClaim" if kind == PVC:
            resources = child(document, "spec", "resources")
            yield from _beyond({"requests": resources.get("requests")}, bound, text(bound, "type"))
        case _:
            return


def _beyond(resources: Document, bound: Document, what: str) -> Iterator[str]:
    for resource, least in _amounts(child(bound, "min")):
        asked = _amount(resources, ("requests", "limits"), resource)
        if asked is None:
            yield f"minimum {resource} usage per {what} is {least}.  No request is specified"
        elif asked < least:
            yield f"minimum {resource} usage per {what} is {least}, but request is {asked}"
    for resource, most in _amounts(child(bound, "max")):
        part = "requests" if what == "PersistentVolumeClaim" else "limits"
        limit = _amount(resources, (part,), resource)
        if limit is None:
            yield f"maximum {resource} usage per {what} is {most}.  No limit is specified"
        elif limit > most:
            word = part.removesuffix("s")
            yield f"maximum {resource} usage per {what} is {most}, but {word} is {limit}"


def _amounts(document: Document) -> Iterator[tuple[str, Quantity]]:
    for resource, value in sorted(document.items()):
        amount = quantity_or_none(value)
        if amount is not None:
            yield resource, amount


def _amount(resources: Document, parts: Iterable[str], resource: str) -> Quantity | None:
    for part in parts:
        found = quantity_or_none(child(resources, part).get(resource))
        if found is not None:
            return found
    return None
