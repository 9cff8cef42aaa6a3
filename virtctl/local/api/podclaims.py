"""What a new pod refers to: its priority class, and its service account. Pure.

Priorities as the admission plugin ``Priority`` of Kubernetes computes them.
"""

from __future__ import annotations

from virtctl.errors import Forbidden, StatusDetails
from virtctl.local.api.context import Stored
from virtctl.models.documents import (
    Document,
    JsonValue,
    ensure,
    flag,
    integer,
    name_of,
    namespace_of,
    objects,
    text,
)
from virtctl.models.kinds import POD, PRIORITY_CLASS, SERVICE_ACCOUNT, Kind

_PREEMPTS = "PreemptLowerPriority"
_TOLERATED = 300


def prioritize(pod: Document, stored: Stored, *, lenient: bool = False) -> None:
    """Write the priority of ``pod``'s class into it. Raises ``Forbidden``.

    ``lenient``: a class that is not there counts for nothing.
    """
    spec = ensure(pod, "spec")
    name = text(spec, "priorityClassName")
    if name:
        found = stored.get(PRIORITY_CLASS, "", name)
        if found is None and lenient:
            return
        if found is None:
            raise _forbidden(POD, pod, f"no PriorityClass with name {name} was found")
    else:
        found = _default(stored)
        if found is not None:
            spec["priorityClassName"] = name_of(found)
    priority = integer(found or {}, "value")
    policy = text(found or {}, "preemptionPolicy", default=_PREEMPTS)
    given = spec.get("priority")
    if given is not None and given != priority:
        raise _given(pod, f"integer value of priority ({given})", priority)
    asked = text(spec, "preemptionPolicy")
    if asked not in {"", policy}:
        raise _given(pod, f"string value of PreemptionPolicy ({asked})", policy)
    spec["priority"], spec["preemptionPolicy"] = priority, policy


def _default(stored: Stored) -> Document | None:
    """The class of pods that name none; of several, that of the lowest value."""
    found = [one for one in stored.list(PRIORITY_CLASS, "") if flag(one, "globalDefault")]
    return min(found, key=lambda one: integer(one, "value"), default=None)


def tolerate(pod: Document) -> None:
    """Let ``pod`` stay on a node that is gone for five minutes, unless it says for how long.

    As the admission plugin ``DefaultTolerationSeconds``.
    """
    spec = ensure(pod, "spec")
    known = list(objects(spec, "tolerations"))
    new: list[JsonValue] = [*known]
    for taint in ("not-ready", "unreachable"):
        key = f"node.kubernetes.io/{taint}"
        if not any(
            text(one, "key") in {key, ""} and text(one, "effect") in {"NoExecute", ""}
            for one in known
        ):
            new.append(
                {
                    "key": key,
                    "operator": "Exists",
                    "effect": "NoExecute",
                    "tolerationSeconds": _TOLERATED,
                }
            )
    if new != known:
        spec["tolerations"] = new


def check_default(document: Document, old: Document | None, stored: Stored) -> None:
    """Refuse a second class for pods that name none. Raises ``Forbidden``."""
    known = _default(stored) if flag(document, "globalDefault") else None
    if known is None or name_of(known) == name_of(old or {}):
        return
    raise _forbidden(
        PRIORITY_CLASS,
        document,
        f"PriorityClass {name_of(known)} is already marked as default. Only one default can exist",
    )


def check_account(pod: Document, stored: Stored) -> None:
    """Refuse a pod whose service account is not there. Raises ``Forbidden``.

    The account ``default``, which a new namespace gets a moment later, is not looked for.
    """
    name, namespace = text(pod, "spec", "serviceAccountName"), namespace_of(pod)
    if name in {"", "default"} or stored.get(SERVICE_ACCOUNT, namespace, name) is not None:
        return
    raise _forbidden(
        POD,
        pod,
        f'error looking up service account {namespace}/{name}: serviceaccount "{name}" not found',
    )


def _given(pod: Document, what: str, computed: JsonValue) -> Forbidden:
    return _forbidden(
        POD,
        pod,
        f"the {what} must not be provided in pod spec; priority admission controller computed "
        f"{computed} from the given PriorityClass name",
    )


def _forbidden(kind: Kind, document: Document, why: str) -> Forbidden:
    name = name_of(document)
    return Forbidden(
        f'{kind.resource} "{name}" is forbidden: {why}',
        StatusDetails(name=name, group=kind.group, kind=kind.plural),
    )
