"""LimitRanges: what containers get that name no resources, and what goes beyond the bounds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from virtctl.errors import Forbidden, StatusDetails
from virtctl.local.api.context import Stored
from virtctl.models.documents import Document, child, ensure, name_of, namespace_of, objects, text
from virtctl.models.kinds import LIMIT_RANGE, POD, PVC, Kind
from virtctl.wire.quantities import Quantity, quantity_or_none

_NOTE = "kubernetes.io/limit-ranger"
_CLAIM = "PersistentVolumeClaim"


def apply(kind: Kind, document: Document, stored: Stored) -> None:
    """Give a new pod's containers the namespace's defaults, in place, and check the bounds.

    Raises ``Forbidden``.
    """
    if kind not in {POD, PVC}:
        return
    ranges = sorted(stored.list(LIMIT_RANGE, namespace_of(document)), key=name_of)
    bounds = [one for found in ranges for one in objects(found, "spec", "limits")]
    if kind == POD and bounds:
        _fill_all(document, [one for one in bounds if text(one, "type") == "Container"])
    problems = [problem for bound in bounds for problem in _problems(kind, document, bound)]
    if problems:
        whole = problems[0] if len(problems) == 1 else f"[{', '.join(problems)}]"
        raise Forbidden(
            f'{kind.resource} "{name_of(document)}" is forbidden: {whole}',
            StatusDetails(name=name_of(document), group=kind.group, kind=kind.plural),
        )


def _fill_all(pod: Document, bounds: list[Document]) -> None:
    """Give each container its defaults, and note in an annotation which those are."""
    told = []
    for field, word in (("containers", "container"), ("initContainers", "init container")):
        for container in objects(pod, "spec", field):
            given = [_fill(container, bound) for bound in bounds]
            for part in ("request", "limit"):
                names = sorted({name for each in given for name in each[part]})
                if names:
                    who = f"{word} {text(container, 'name')}"
                    told.append(f"{', '.join(names)} {part} for {who}")
    if told:
        notes = ensure(pod, "metadata", "annotations")
        notes[_NOTE] = f"LimitRanger plugin set: {'; '.join(told)}"


def _fill(container: Document, bound: Document) -> dict[str, list[str]]:
    """What it got, by part."""
    own = {*child(container, "resources", "limits")}
    limits = child(bound, "default")
    requests = {**limits, **child(bound, "defaultRequest")}
    wanted = {name: amount for name, amount in requests.items() if name not in own}
    # a limit of its own is its request, too
    return {
        "request": _set(container, "requests", wanted),
        "limit": _set(container, "limits", limits),
    }


def _set(container: Document, part: str, amounts: Document) -> list[str]:
    known = child(container, "resources", part)
    new = [name for name in amounts if name not in known]
    for name in new:
        ensure(container, "resources", part)[name] = amounts[name]
    return new


def _problems(kind: Kind, document: Document, bound: Document) -> Iterator[str]:
    match text(bound, "type"):
        case "Container" if kind == POD:
            for field in ("containers", "initContainers"):
                for container in objects(document, "spec", field):
                    yield from _beyond(child(container, "resources"), bound, "Container")
        case "Pod" if kind == POD:
            yield from _beyond(_of_pod(document), bound, "Pod")
        case "PersistentVolumeClaim" if kind == PVC:
            resources = child(document, "spec", "resources")
            yield from _beyond({"requests": resources.get("requests")}, bound, _CLAIM)
        case _:
            return


def _of_pod(pod: Document) -> Document:
    """The sums over a pod's containers, or what one that comes before them needs alone."""
    found: Document = {}
    for part in ("requests", "limits"):
        sums: dict[str, Quantity] = {}
        for container in objects(pod, "spec", "containers"):
            for name, amount in _amounts(child(container, "resources", part)):
                sums[name] = sums[name] + amount if name in sums else amount
        for container in objects(pod, "spec", "initContainers"):
            for name, amount in _amounts(child(container, "resources", part)):
                sums[name] = max(sums.get(name, amount), amount)
        found[part] = {name: str(amount) for name, amount in sums.items()}
    return found


def _beyond(resources: Document, bound: Document, what: str) -> Iterator[str]:
    for resource, least in _amounts(child(bound, "min")):
        asked = _amount(resources, ("requests", "limits"), resource)
        if asked is None:
            yield f"minimum {resource} usage per {what} is {least}.  No request is specified"
        elif asked < least:
            yield f"minimum {resource} usage per {what} is {least}, but request is {asked}"
    for resource, most in _amounts(child(bound, "max")):
        part = "requests" if what == _CLAIM else "limits"
        limit = _amount(resources, (part,), resource)
        if limit is None:
            yield f"maximum {resource} usage per {what} is {most}.  No limit is specified"
        elif limit > most:
            word = part.removesuffix("s")
            yield f"maximum {resource} usage per {what} is {most}, but {word} is {limit}"
    if what != _CLAIM:
        yield from _overcommitted(resources, bound, what)


def _overcommitted(resources: Document, bound: Document, what: str) -> Iterator[str]:
    """Limits that are too many times their requests."""
    for resource, most in _amounts(child(bound, "maxLimitRequestRatio")):
        said = f"{resource} max limit to request ratio per {what} is {most}, but"
        request = _amount(resources, ("requests",), resource)
        limit = _amount(resources, ("limits",), resource)
        if not request:
            yield f"{said} no request is specified or request is 0"
        elif not limit:
            yield f"{said} no limit is specified or limit is 0"
        elif limit.exact / request.exact > most.exact:
            yield f"{said} provided ratio is {float(limit.exact / request.exact):f}"


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
