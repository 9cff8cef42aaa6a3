"""Server-side apply and the upkeep of ``managedFields``. Pure.

Rules: the Kubernetes documentation on server-side apply. Applying sets the fields of the
configuration, removes those that the same manager applied before and no longer does, and conflicts
where another manager owns a field with another value. Updates take over what they change.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from virtctl.errors import Cause, Conflict, StatusDetails
from virtctl.models import documents
from virtctl.models.documents import Document
from virtctl.wire import fieldsets
from virtctl.wire.fieldsets import FieldSet, Path
from virtctl.wire.patches import Structure

_KUBECTL = "kubectl"  # its own name when the server applies
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
APPLY = "Apply"
UPDATE = "Update"


@dataclass(frozen=True)
class Writer:
    """Who writes: the field manager, through which operation, subresource and API version."""

    manager: str
    operation: str
    api_version: str
    time: str
    subresource: str = ""


@dataclass(frozen=True)
class Entry:
    """One entry of ``managedFields``."""

    writer: Writer
    fields: FieldSet

    def is_of(self, writer: Writer) -> bool:
        """Whether the entry is the one that ``writer`` keeps."""
        mine = self.writer
        return (mine.manager, mine.operation, mine.subresource) == (
            writer.manager,
            writer.operation,
            writer.subresource,
        )


def entries(document: Document) -> list[Entry]:
    """``metadata.managedFields``."""
    return [
        Entry(
            Writer(
                documents.text(item, "manager"),
                documents.text(item, "operation"),
                documents.text(item, "apiVersion"),
                documents.text(item, "time"),
                documents.text(item, "subresource"),
            ),
            fieldsets.decode(item.get("fieldsV1")),
        )
        for item in documents.objects(document, "metadata", "managedFields")
    ]


def set_entries(document: Document, kept: Sequence[Entry]) -> None:
    """Write ``metadata.managedFields``, applied ones first; entries without fields are left out."""
    metadata = documents.child(document, "metadata")
    document["metadata"] = metadata
    found = [_encode(entry) for entry in sorted(kept, key=_order) if entry.fields]
    if found:
        metadata["managedFields"] = [*found]
    else:
        metadata.pop("managedFields", None)


def _order(entry: Entry) -> tuple[str, str, str, str, str]:
    writer = entry.writer
    return (writer.operation, writer.time, writer.manager, writer.api_version, writer.subresource)


def _encode(entry: Entry) -> Document:
    writer = entry.writer
    found: Document = {
        "manager": writer.manager,
        "operation": writer.operation,
        "apiVersion": writer.api_version,
        "time": writer.time,
        "fieldsType": "FieldsV1",
        "fieldsV1": fieldsets.encode(entry.fields),
    }
    if writer.subresource:
        found["subresource"] = writer.subresource
    if not writer.time:
        del found["time"]
    return found


def apply(
    live: Document, wanted: Document, writer: Writer, structure: Structure, *, force: bool
) -> Document:
    """``live`` (empty when there is none) after ``writer`` applies ``wanted``.

    Raises ``Conflict`` with a cause for each field that another manager holds, unless ``force``.
    """
    mine = fieldsets.fields_of(wanted, structure)
    known = entries(live) or _before(live, writer, structure)
    own = next((entry for entry in known if entry.is_of(writer)), None)
    others = [entry for entry in known if entry is not own]
    taken = [(entry, _contested(entry, mine, live, wanted)) for entry in others]
    conflicts = [(entry, path) for entry, paths in taken for path in sorted(paths)]
    if writer.manager == _KUBECTL:
        granted = _applied_before(live, structure)
        force = force or all(path in granted for _, path in conflicts)
        conflicts = [(entry, path) for entry, path in conflicts if path not in granted]
    if conflicts and not force:
        raise _conflict(conflicts)
    others = [replace(entry, fields=entry.fields - paths) for entry, paths in taken]
    merged = fieldsets.merge(live, wanted, structure)
    result = merged if isinstance(merged, dict) else {}
    if own is not None:
        kept: FieldSet = frozenset().union(mine, *(entry.fields for entry in others))
        _prune(result, own.fields - kept, kept)
    unchanged = own is not None and own.fields == mine
    entry = own if own is not None and unchanged else Entry(writer, mine)
    if own is None and live and _content(result) == _content(live):
        entry = Entry(replace(writer, time=""), mine)  # nothing was written at any time
    set_entries(result, [*others, entry])
    return result


def _content(document: Document) -> Document:
    """``document`` without ``managedFields``."""
    metadata = documents.child(document, "metadata")
    kept: Document = {key: value for key, value in metadata.items() if key != "managedFields"}
    return {**document, "metadata": kept}


def _applied_before(live: Document, structure: Structure) -> FieldSet:
    """What ``kubectl apply`` has set, which may be applied anew by the server without conflicts."""
    noted = documents.child(live, "metadata", "annotations").get(_LAST_APPLIED)
    if not isinstance(noted, str):
        return frozenset()
    try:
        found = json.loads(noted)
    except ValueError:
        return frozenset()
    return fieldsets.fields_of(found, structure) if isinstance(found, dict) else frozenset()


def _before(live: Document, writer: Writer, structure: Structure) -> list[Entry]:
    """Who had an object that nobody kept fields of: somebody before its first apply."""
    fields = fieldsets.fields_of(live, structure)
    if not fields:
        return []
    return [Entry(Writer("before-first-apply", UPDATE, writer.api_version, writer.time), fields)]


def _contested(entry: Entry, mine: FieldSet, live: Document, wanted: Document) -> FieldSet:
    """Fields of ``entry`` that ``wanted`` sets to another value."""
    shared = entry.fields & mine
    return frozenset(
        path
        for path in shared
        if path[-1].startswith("f:")
        and fieldsets.lookup(live, path) != fieldsets.lookup(wanted, path)
    )


def _prune(result: Document, paths: FieldSet, kept: FieldSet) -> None:
    """Remove ``paths``, whole list elements before their keys; what holds kept fields stays."""
    for path in sorted(paths, key=len):
        if not any(other[: len(path)] == path for other in kept):
            fieldsets.remove(result, path)
            _prune_empty(result, path, kept)


def _prune_empty(result: Document, path: Path, kept: FieldSet) -> None:
    """Remove objects that nothing is left in after ``path`` is gone."""
    for length in range(len(path) - 1, 1, -1):
        parent = path[:length]
        if fieldsets.lookup(result, parent) != {} or parent in kept:
            return
        fieldsets.remove(result, parent)


def _conflict(conflicts: list[tuple[Entry, Path]]) -> Conflict:
    causes = tuple(
        Cause("FieldManagerConflict", f"conflict with {_name(entry)}", fieldsets.spell(path))
        for entry, path in conflicts
    )
    word = "conflict" if len(causes) == 1 else "conflicts"
    if len(causes) == 1:
        text = f"{causes[0].message}: {causes[0].field}"
    else:
        by_manager: dict[str, list[str]] = {}
        for entry, path in conflicts:
            by_manager.setdefault(_name(entry), []).append(fieldsets.spell(path))
        text = "\n".join(
            f"conflicts with {name}:\n" + "\n".join(f"- {field}" for field in fields)
            for name, fields in by_manager.items()
        )
    return Conflict(f"Apply failed with {len(causes)} {word}: {text}", StatusDetails(causes=causes))


def _name(entry: Entry) -> str:
    writer = entry.writer
    shown = f'"{writer.manager}"'
    if writer.operation == APPLY:
        return shown
    if writer.subresource:
        shown += f' with subresource "{writer.subresource}"'
    return f"{shown} using {writer.api_version}"


def track(old: Document | None, new: Document, writer: Writer, structure: Structure) -> None:
    """Set ``managedFields`` of ``new`` after an update by ``writer``, in place.

    An empty ``managedFields``, or one empty entry, in ``new`` forgets all managers.
    """
    given = documents.child(new, "metadata").get("managedFields")
    known = [] if old is None or given in ([], [{}]) else entries(old)
    if old is not None and not known:
        set_entries(new, [])  # until somebody applies, nobody owns anything
        return
    set_fields, removed = fieldsets.changed(old or {}, new, structure)
    if not set_fields and not removed:
        set_entries(new, known)
        return
    own = next((entry for entry in known if entry.is_of(writer)), None)
    others = [
        replace(entry, fields=entry.fields - set_fields - removed)
        for entry in known
        if entry is not own
    ]
    before: FieldSet = own.fields if own is not None else frozenset()
    entry = Entry(writer, (before | set_fields) - removed)
    set_entries(new, [*others, entry])
