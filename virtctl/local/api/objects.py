"""What every object goes through: names, identity, generation, and the rules of deletion. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from virtctl.errors import BadRequest, Cause
from virtctl.models import documents
from virtctl.models.documents import Document, JsonValue
from virtctl.models.kinds import Kind
from virtctl.wire import status

# The alphabet of apimachinery's names: no vowels and no look-alikes.
ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
_MAX_GENERATED_BASE = 58  # 63 less the five random characters

FOREGROUND = "foregroundDeletion"
ORPHAN = "orphan"

_LABEL = re.compile(r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")
_SUBDOMAIN = re.compile(r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$")
_LABEL_MESSAGE = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and "
    "must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used "
    "for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
_SUBDOMAIN_MESSAGE = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or "
    "'.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used "
    "for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
# Services, too, since Kubernetes 1.36: before, they had to begin with a letter.
_LABEL_KINDS = frozenset({"Namespace", "Service"})
_UNCHECKED_BASES = frozenset({
    ("", "Event"), ("", "ReplicationController"), ("policy", "PodDisruptionBudget"),
})  # fmt: skip


def timestamp(moment: datetime) -> str:
    """``moment`` as ``metav1.Time`` spells it: UTC, whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def random_suffix(choose: Callable[[str], str]) -> str:
    """Five characters for ``generateName``; ``choose`` picks one of a string."""
    return "".join(choose(ALPHABET) for _ in range(5))


def generated_name(base: str, suffix: str) -> str:
    """``base`` cut so that the whole fits a label, and ``suffix``."""
    return base[:_MAX_GENERATED_BASE] + suffix


def metadata_of(document: Document) -> Document:
    """``metadata`` of ``document``, made when absent. Raises ``BadRequest`` when not an object."""
    found = document.setdefault("metadata", {})
    if not isinstance(found, dict):
        raise BadRequest("`metadata` must be an object")
    return found


def name_causes(kind: Kind, name: str) -> list[Cause]:
    """What is wrong with ``name``; the wording is apimachinery's."""
    if kind.group == "rbac.authorization.k8s.io":
        return _segment_causes(name)
    if kind.name in _LABEL_KINDS:
        limit, pattern, message = 63, _LABEL, _LABEL_MESSAGE
    else:
        limit, pattern, message = 253, _SUBDOMAIN, _SUBDOMAIN_MESSAGE
    problems = []
    if not pattern.match(name):
        problems.append(message)
    if len(name) > limit:
        problems.append(f"must be no more than {limit} characters")
    return [
        Cause("FieldValueInvalid", f'Invalid value: "{name}": {problem}', "metadata.name")
        for problem in problems
    ]


def _segment_causes(name: str) -> list[Cause]:
    """Roles may be called whatever fits in a URL's path."""
    problems = [f"may not be '{name}'"] if name in {".", ".."} else []
    problems += [f"may not contain '{part}'" for part in ("/", "%") if part in name]
    return [
        Cause("FieldValueInvalid", f'Invalid value: "{name}": {problem}', "metadata.name")
        for problem in problems
    ]


def identity_causes(kind: Kind, document: Document) -> list[Cause]:
    """What is wrong with the name of a new object, and with what it was made up of."""
    base = documents.text(document, "metadata", "generateName")
    if (kind.group, kind.name) in _UNCHECKED_BASES:
        base = ""
    # What is appended makes an end of a dash.
    masked = f"{base[:-1]}a" if base.endswith("-") and len(base) > 1 else base
    found = [
        Cause(cause.reason, cause.message.replace(masked, base), "metadata.generateName")
        for cause in (name_causes(kind, masked) if base else ())
    ]
    name = documents.name_of(document)
    if name:
        return [*found, *name_causes(kind, name)]
    problem = "Required value: name or generateName is required"
    return [*found, Cause("FieldValueRequired", problem, "metadata.name")]


def check_name(kind: Kind, document: Document) -> None:
    """Refuse a missing or malformed name. Raises ``Invalid``."""
    causes = identity_causes(kind, document)
    if causes:
        raise status.invalid(kind, documents.name_of(document), tuple(causes))


def check_same_name(name: str, document: Document) -> None:
    """Refuse a ``metadata.name`` other than the request's. Raises ``BadRequest``."""
    given = documents.name_of(document)
    if given and given != name:
        raise BadRequest(
            f"the name of the object ({given}) does not match the name on the URL ({name})"
        )


def check_namespace(kind: Kind, namespace: str | None, document: Document) -> None:
    """Set ``metadata.namespace`` from the request, and refuse another. Raises ``BadRequest``."""
    metadata = metadata_of(document)
    if not kind.namespaced:
        metadata.pop("namespace", None)
        return
    if not namespace:
        raise BadRequest(f"{kind.plural} are namespaced: an operation on one needs a namespace")
    given = metadata.get("namespace")
    if given and given != namespace:
        raise BadRequest(
            "the namespace of the provided object does not match the namespace sent on the request"
        )
    metadata["namespace"] = namespace


def intent_of(document: Document) -> Document:
    """All that counts for the generation: neither metadata nor status."""
    return {key: value for key, value in document.items() if key not in {"metadata", "status"}}


_KEPT = (
    "name", "namespace", "uid", "creationTimestamp", "deletionTimestamp",
    "deletionGracePeriodSeconds", "generation", "selfLink",
)  # fmt: skip


def keep_identity(old: Document, new: Document) -> None:
    """Give ``new`` the metadata that no writer may change."""
    before, after = metadata_of(old), metadata_of(new)
    for key in _KEPT:
        if key in before:
            after[key] = before[key]
        else:
            after.pop(key, None)


def finalizers(document: Document) -> list[str]:
    """``metadata.finalizers``."""
    return [
        item
        for item in documents.items(document, "metadata", "finalizers")
        if isinstance(item, str)
    ]


def set_finalizers(document: Document, names: list[str]) -> None:
    """Set or remove ``metadata.finalizers``."""
    metadata = metadata_of(document)
    if names:
        metadata["finalizers"] = [*names]
    else:
        metadata.pop("finalizers", None)


def is_deleting(document: Document) -> bool:
    """Whether deletion was asked for."""
    return bool(documents.text(document, "metadata", "deletionTimestamp"))


def is_finished(kind: Kind, document: Document) -> bool:
    """Whether nothing holds a deleted object any more."""
    if not is_deleting(document) or finalizers(document):
        return False
    if kind.name == "Namespace" and not kind.group:
        return not documents.items(document, "spec", "finalizers")
    return documents.integer(document, "metadata", "deletionGracePeriodSeconds") == 0


def propagate(kind: Kind, document: Document, propagation: str) -> None:
    """Set the finalizers that ``propagationPolicy`` stands for. Raises ``Invalid``."""
    if propagation not in {"", "Background", "Foreground", "Orphan"}:
        problem = (
            f'Unsupported value: "{propagation}": supported values: '
            '"Foreground", "Background", "Orphan", "nil"'
        )
        cause = Cause("FieldValueNotSupported", problem, "propagationPolicy")
        raise status.invalid(kind, documents.name_of(document), (cause,))
    if not propagation:
        return
    names = [name for name in finalizers(document) if name not in {FOREGROUND, ORPHAN}]
    if propagation == "Foreground":
        names.append(FOREGROUND)
    elif propagation == "Orphan":
        names.append(ORPHAN)
    set_finalizers(document, names)


def grace_period(kind: Kind, document: Document, asked: int | None) -> int:
    """Seconds until a pod's node agent must have ended it; 0 for everything else.

    A pod that no node has is gone at once. Negative values count as one second, as upstream.
    """
    if kind.name != "Pod" or kind.group:
        return 0
    if not documents.text(document, "spec", "nodeName"):
        return 0
    if documents.text(document, "status", "phase") in {"Succeeded", "Failed"}:
        return 0
    if asked is None:
        return documents.integer(document, "spec", "terminationGracePeriodSeconds", default=30)
    return max(asked, 1) if asked < 0 else asked


def mark_deleted(document: Document, now: datetime, grace: int) -> None:
    """Set ``deletionTimestamp``; a repeated request can only shorten the grace."""
    metadata = metadata_of(document)
    current = metadata.get("deletionGracePeriodSeconds")
    if is_deleting(document) and isinstance(current, int) and current <= grace:
        return
    if not is_deleting(document) and "generation" in metadata:
        metadata["generation"] = documents.integer(metadata, "generation") + 1
    metadata["deletionTimestamp"] = timestamp(now + timedelta(seconds=grace))
    metadata["deletionGracePeriodSeconds"] = grace


# Kinds that leave the check of an update's metadata to that which all kinds have in common.
_CHECKED_ONCE = frozenset({
    ("", "Event"), ("", "LimitRange"), ("", "PersistentVolume"),
    ("discovery.k8s.io", "EndpointSlice"), ("policy", "PodDisruptionBudget"),
})  # fmt: skip


def broken_by_update(kind: Kind, old: Document, new: Document) -> list[Cause]:
    """What of the metadata an update may not change.

    Each cause is there twice, as upstream, where the object's metadata are checked by all kinds in
    common and by most kinds again. Other fields that nobody may set are kept without a word.
    """
    before, after = metadata_of(old), metadata_of(new)
    found = []
    uid = after.get("uid")
    if uid and uid != before.get("uid"):
        problem = f'Invalid value: "{uid}": field is immutable'
        found.append(Cause("FieldValueInvalid", problem, "metadata.uid"))
    if not is_deleting(old):
        for key in ("deletionTimestamp", "deletionGracePeriodSeconds"):
            value = after.get(key)
            if value is not None and value != before.get(key):
                shown = f'"{value}"' if isinstance(value, str) else value
                problem = f"Invalid value: {shown}: field is immutable"
                found.append(Cause("FieldValueInvalid", problem, f"metadata.{key}"))
    elif added := added_finalizers(old, new):
        names = ", ".join(f'"{name}"' for name in added)
        problem = (
            "Forbidden: no new finalizers can be added if the object is being deleted, "
            f"found new finalizers []string{{{names}}}"
        )
        found.append(Cause("FieldValueForbidden", problem, "metadata.finalizers"))
    return found if (kind.group, kind.name) in _CHECKED_ONCE else [*found, *found]


def added_finalizers(old: Document, new: Document) -> list[str]:
    """Finalizers that ``new`` has and ``old`` had not."""
    before = set(finalizers(old))
    return [name for name in finalizers(new) if name not in before]


def without_nulls(document: Document) -> Document:
    """``document`` without null members at its top and in its metadata.

    A label or annotation of null is one without text, as Go decodes it.
    """
    result: Document = {key: value for key, value in document.items() if value is not None}
    metadata = result.get("metadata")
    if isinstance(metadata, dict):
        kept: Document = {key: value for key, value in metadata.items() if value is not None}
        for name in ("labels", "annotations"):
            found = kept.get(name)
            if isinstance(found, dict) and None in found.values():
                kept[name] = {key: "" if value is None else value for key, value in found.items()}
        result["metadata"] = kept
    return result


def owners(document: Document) -> list[JsonValue]:
    """``metadata.ownerReferences``."""
    return documents.items(document, "metadata", "ownerReferences")


_GO_WORDS: dict[type, str] = {list: "array", str: "string", bool: "bool", dict: "object"}


def go_word(value: JsonValue) -> str:
    """What Go's parser of JSON calls a value of this type."""
    return _GO_WORDS.get(type(value), "number")
