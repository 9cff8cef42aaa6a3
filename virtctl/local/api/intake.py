"""What the body of a write must say of itself before any rule of its kind is looked at. Pure.

Go decodes the ``metadata`` of every kind, custom resources included: a wrong type there is no
question of a schema.
"""

from __future__ import annotations

from datetime import datetime

from virtctl.errors import ApiError, BadRequest, Cause
from virtctl.local.api import objects, schema
from virtctl.local.api.catalog import is_builtin
from virtctl.local.api.shapes import shape_of
from virtctl.models import documents
from virtctl.models.documents import Document
from virtctl.models.kinds import Kind
from virtctl.models.meta import ObjectMeta
from virtctl.wire import status

_LAYOUT = "2006-01-02T15:04:05Z07:00"
_SCHEME = "k8s.io/kubernetes/pkg/api/legacyscheme/scheme.go:30"


def metadata_problem(kind: Kind, document: Document) -> str:
    """Why Go cannot read ``metadata``; empty when it can."""
    metadata = document.get("metadata")
    if metadata is None:
        return ""
    if not isinstance(metadata, dict):
        target = f"struct field {kind.name}.metadata" if is_builtin(kind) else "value"
        return (
            f"json: cannot unmarshal {objects.go_word(metadata)} into Go {target} of type "
            "v1.ObjectMeta"
        )
    for problem in schema.problems(shape_of(ObjectMeta), metadata):
        if problem.what == "type":
            return schema.go_problem(problem, metadata)
    for name in ("creationTimestamp", "deletionTimestamp"):
        found = metadata.get(name)
        if isinstance(found, str) and not _is_time(found):
            return f'parsing time "{found}" as "{_LAYOUT}": cannot parse "{found}" as "2006"'
    return ""


def _is_time(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def type_problem(kind: Kind, document: Document) -> str:
    """Why what a patch made cannot be read as of ``kind``; empty when it can.

    A custom resource may say to be of any kind, which is refused later.
    """
    version, name = document.get("apiVersion"), document.get("kind")
    if not is_builtin(kind):
        return (
            "" if name and version else f"Object '{'Kind' if version else 'apiVersion'}' is missing"
        )
    version, name = version or kind.api_version, name or kind.name
    if (version, name) == (kind.api_version, kind.name):
        return ""
    return f'no kind "{name}" is registered for version "{version}" in scheme "{_SCHEME}"'


def check_version(kind: Kind, document: Document) -> None:
    """Refuse the body of a custom resource in another version. Raises ``BadRequest``."""
    given = document.get("apiVersion", kind.api_version)
    if not is_builtin(kind) and given != kind.api_version:
        raise BadRequest(
            f"the API version in the data ({given}) does not match the expected API version "
            f"({kind.api_version})"
        )


def check_kept_type(kind: Kind, document: Document) -> None:
    """Refuse a custom resource that says to be of another kind or version. Raises ``Invalid``."""
    version = str(document.get("apiVersion") or kind.api_version)
    name = str(document.get("kind") or kind.name)
    group, slash, short = version.rpartition("/")
    causes = []
    if name != kind.name:
        causes.append(Cause("FieldValueInvalid", _must(name, kind.name), "kind"))
    if version != kind.api_version:
        causes.append(Cause("FieldValueInvalid", _must(version, kind.api_version), "apiVersion"))
    if causes:
        said = Kind(group if slash else "", short, name, kind.plural)
        raise status.invalid(said, documents.name_of(document), tuple(causes))


def _must(given: str, wanted: str) -> str:
    return f'Invalid value: "{given}": must be {wanted}'


def check_named(name: str, document: Document) -> None:
    """Refuse a body without the name that its URL has. Raises ``BadRequest``."""
    if not documents.name_of(document):
        raise BadRequest(
            f"the name of the object ({name} based on URL) was undeterminable: name must be "
            "provided"
        )


def revision_of(document: Document) -> str:
    """``metadata.resourceVersion``; empty for none, or for 0. Raises a plain 500 for no number."""
    given = documents.text(document, "metadata", "resourceVersion")
    if given and not (given.isascii() and given.isdecimal()):
        problem = f'strconv.ParseUint: parsing "{given}": invalid syntax'
        raise ApiError(problem, code=500, reason="")  # as kube-apiserver, which knows no better
    return given if given.strip("0") else ""
