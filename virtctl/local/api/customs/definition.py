"""A CustomResourceDefinition, read: the kind that it adds and how objects of it are treated."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from virtctl.errors import Cause, InvalidField
from virtctl.local.api.catalog import version_rank
from virtctl.local.api.customs import defaulting, expressions, values
from virtctl.local.api.customs.printed import Printed, columns
from virtctl.local.api.customs.structural import root_shape
from virtctl.local.api.scales import ScalePaths
from virtctl.local.api.shapes import Shape
from virtctl.models import documents
from virtctl.models.documents import Document
from virtctl.models.kinds import Kind
from virtctl.wire.tables import Column


@dataclass(frozen=True)
class Version:
    """One served version of a kind."""

    name: str
    columns: tuple[Column, ...] = ()
    warning: str = ""


@dataclass(frozen=True, eq=False)
class Definition:
    """A kind that a definition adds. Objects of every version have the stored one's schema.

    ``is_uniform``: all objects were stored in the version that is stored now.
    """

    kind: Kind
    schema: Document
    versions: tuple[Version, ...] = ()
    scale: ScalePaths | None = None
    is_uniform: bool = True

    @cached_property
    def shape(self) -> Shape:
        """The shape of its objects."""
        return root_shape(self.schema)

    def columns(self, version: str) -> tuple[Column, ...]:
        """The columns of tables in ``version``."""
        return next(found.columns for found in self.versions if found.name == version)

    def warning(self, version: str) -> str:
        """What to tell who uses ``version``; empty when it isn't deprecated."""
        return next(found.warning for found in self.versions if found.name == version)

    def fill(self, document: Document) -> None:
        """Fill in the schema's defaults, in place."""
        defaulting.fill(self.schema, document)
        defaulting.spell_numbers(document)

    def type_causes(self, document: Document) -> list[Cause]:
        """Values that the schema doesn't allow."""
        return list(values.object_causes(self.schema, document))

    def rule_causes(self, document: Document, old: Document | None) -> Iterator[Cause]:
        """Rules of the schema that don't hold."""
        return expressions.rule_causes(self.shape, document, old)


def read_definition(document: Document) -> Definition:
    """The kind that ``document``, a valid CustomResourceDefinition, adds.

    Raises ``InvalidField`` when it serves no version.
    """
    spec = documents.child(document, "spec")
    served = [each for each in documents.objects(spec, "versions") if each.get("served") is True]
    stored = next(
        (each for each in documents.objects(spec, "versions") if each.get("storage") is True), None
    )
    if stored is None or not served:
        raise InvalidField("spec.versions", len(served), "must have a stored and a served version")
    names = documents.child(spec, "names")
    kind = Kind(
        documents.text(spec, "group"),
        documents.text(stored if stored in served else served[0], "name"),
        documents.text(names, "kind"),
        documents.text(names, "plural"),
        documents.text(spec, "scope") != "Cluster",
        tuple(str(name) for name in documents.items(names, "shortNames")),
        tuple(str(name) for name in documents.items(names, "categories")),
        _subresources(stored),
        also=_others(stored if stored in served else served[0], served),
        selectable=_selectable(stored),
        one=_singular(names),
    )
    return Definition(
        kind=kind,
        schema=documents.child(stored, "schema", "openAPIV3Schema"),
        versions=tuple(_version(kind, each, _best(served)) for each in served),
        scale=_scale(stored),
        is_uniform=documents.items(document, "status", "storedVersions") in ([], [kind.version]),
    )


def _best(served: list[Document]) -> str:
    """The version to be preferred among those that are not deprecated; empty when all are."""
    good = [documents.text(each, "name") for each in served if each.get("deprecated") is not True]
    return max(good, key=version_rank, default="")


def _others(first: Document, served: list[Document]) -> tuple[str, ...]:
    names = [documents.text(each, "name") for each in served if each is not first]
    return tuple(sorted(names, key=version_rank, reverse=True))


def _subresources(version: Document) -> tuple[str, ...]:
    parts = documents.child(version, "subresources")
    return tuple(name for name in ("scale", "status") if parts.get(name) is not None)


def _selectable(version: Document) -> tuple[str, ...]:
    paths = documents.objects(version, "selectableFields")
    return tuple(documents.text(path, "jsonPath").removeprefix(".") for path in paths)


def _singular(names: Document) -> str:
    """The singular, where it is not the usual one."""
    found = documents.text(names, "singular")
    return "" if found == documents.text(names, "kind").lower() else found


def _warning(kind: Kind, name: str, better: str) -> str:
    told = f"{kind.group}/{name} {kind.name} is deprecated"
    newer = better and version_rank(better) > version_rank(name)
    return f"{told}; use {kind.group}/{better} {kind.name}" if newer else told


def _version(kind: Kind, version: Document, better: str) -> Version:
    name = documents.text(version, "name")
    printed = tuple(
        Printed(
            documents.text(column, "name"),
            documents.text(column, "type"),
            documents.text(column, "jsonPath"),
            documents.integer(column, "priority"),
            documents.text(column, "description"),
            documents.text(column, "format"),
        )
        for column in documents.objects(version, "additionalPrinterColumns")
    )
    warning = ""
    if version.get("deprecated") is True:
        warning = documents.text(version, "deprecationWarning")
        warning = warning or _warning(kind, name, better)
    return Version(name, columns(tuple(each for each in printed if each.is_readable)), warning)


def _scale(version: Document) -> ScalePaths | None:
    paths = documents.child(version, "subresources", "scale")
    if not paths:
        return None
    return ScalePaths(
        _fields(documents.text(paths, "specReplicasPath")),
        _fields(documents.text(paths, "statusReplicasPath")),
        _fields(documents.text(paths, "labelSelectorPath")),
    )


def _fields(path: str) -> tuple[str, ...]:
    """The names in a path such as ``.spec.replicas``, the only form that there may be."""
    return tuple(part for part in path.split(".") if part)
