"""Which printer an ``-o`` asks for."""

from __future__ import annotations

from enum import Enum, auto
from typing import NamedTuple

from virtctl.errors import UsageError
from virtctl.models.documents import Document, JsonValue, text
from virtctl.output import jsonpath
from virtctl.output.documents import as_json, as_yaml
from virtctl.output.tables import grid


class Format(Enum):
    """The closed set of formats."""

    TABLE = auto()
    WIDE = auto()
    JSON = auto()
    YAML = auto()
    NAME = auto()
    JSONPATH = auto()
    COLUMNS = auto()


class Printer(NamedTuple):
    """A format and its argument (template or columns)."""

    format: Format
    argument: str = ""

    @property
    def is_table(self) -> bool:
        """Whether the server makes the table."""
        return self.format in {Format.TABLE, Format.WIDE}

    def objects(self, documents: list[Document], whole: JsonValue, *, headers: bool = True) -> str:
        """Text for ``documents``; ``whole`` is the one object or the list that they are."""
        if self.format is Format.JSON:
            return as_json(whole)
        if self.format is Format.YAML:
            return as_yaml(whole)
        if self.format is Format.JSONPATH:
            return jsonpath.evaluate(self.argument, whole)
        if self.format is Format.COLUMNS:
            wanted = jsonpath.columns(self.argument)
            rows = [[jsonpath.column(path, one) for _, path in wanted] for one in documents]
            head = [[title for title, _ in wanted]] if headers else []
            return "\n".join(grid(head + rows))
        return "\n".join(resource_name(one) for one in documents)


def resource_name(document: Document) -> str:
    """``kind.group/name``, as ``-o name`` prints it."""
    group, slash, _ = text(document, "apiVersion").partition("/")
    suffix = f".{group}" if slash else ""
    return f"{text(document, 'kind').lower()}{suffix}/{text(document, 'metadata', 'name')}"


_SIMPLE = {
    "": Format.TABLE,
    "wide": Format.WIDE,
    "json": Format.JSON,
    "yaml": Format.YAML,
    "name": Format.NAME,
}


def choose(output: str) -> Printer:
    """Read ``-o``. Raises ``UsageError`` naming what there is."""
    simple = _SIMPLE.get(output)
    if simple is not None:
        return Printer(simple)
    kind, equals, argument = output.partition("=")
    if equals and kind == "jsonpath":
        return Printer(Format.JSONPATH, argument)
    if equals and kind == "custom-columns":
        return Printer(Format.COLUMNS, argument)
    raise UsageError(
        f"unknown output format `{output}`",
        "use json, yaml, name, wide, jsonpath=TEMPLATE or custom-columns=TITLE:PATH,...",
    )
