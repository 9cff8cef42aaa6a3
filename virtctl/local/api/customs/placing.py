"""Where messages about a definition say that its parts are.

Schemas, columns, selectable fields and subresources that are the same in all versions are spoken
of at the top of ``spec``, as apiextensions moves them there before it looks at them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from virtctl.models import documents
from virtctl.models.documents import Document, JsonValue


class Part(NamedTuple):
    """A part of a version, with the path that messages call it by.

    ``version`` is what it is a part of: the first of those that share it.
    """

    path: str
    value: JsonValue
    version: Document


_SHARED = {"schema": "validation"}


def parts(spec: Document, name: str) -> Iterator[Part]:
    """The part ``name`` of each version, or once if they have the same; those that are there."""
    versions = list(documents.objects(spec, "versions"))
    if is_shared(versions, name):
        path = f"spec.{_SHARED.get(name, name)}"
        found = [Part(path, versions[0].get(name), versions[0])]
    else:
        found = [
            Part(f"spec.versions[{position}].{name}", version.get(name), version)
            for position, version in enumerate(versions)
        ]
    yield from (part for part in found if part.value not in (None, []))


def is_shared(versions: list[Document], name: str) -> bool:
    """Whether all versions have the same part ``name``, or none has it."""
    return bool(versions) and all(
        (version.get(name) or None) == (versions[0].get(name) or None) for version in versions
    )
