"""YAML and JSON manifests to documents that know where they came from.

Scalars are read as kubectl reads them: no timestamps, no base-60 numbers, ``yes`` and ``on`` are
booleans. A key that is there twice is an error, since one of the two would be lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import yaml

from virtctl.errors import InvalidField, VirtctlError
from virtctl.models.documents import Document, JsonValue, objects, text
from virtctl.wire.scalars import resolvers

_Base: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Base):  # type: ignore[misc]
    """PyYAML's safe loader with kubectl's idea of scalars."""


_Loader.yaml_implicit_resolvers = {}
for _first, _tag, _pattern in resolvers():
    _Loader.yaml_implicit_resolvers.setdefault(_first, []).append((_tag, _pattern))


def _integer(loader: object, node: yaml.ScalarNode) -> int:
    del loader
    word = str(node.value).replace("_", "")
    sign, digits = (-1, word[1:]) if word.startswith("-") else (1, word.lstrip("+"))
    for prefix, base in (("0x", 16), ("0b", 2), ("0o", 8)):
        if digits.startswith(prefix):
            return sign * int(digits[2:], base)
    if digits.startswith("0") and digits != "0":
        return sign * int(digits, 8)
    return sign * int(digits)


def _real(loader: object, node: yaml.ScalarNode) -> float | int:
    del loader
    value = float(str(node.value).replace("_", ""))
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


_Loader.add_constructor("tag:yaml.org,2002:int", _integer)
_Loader.add_constructor("tag:yaml.org,2002:float", _real)


class Manifest(NamedTuple):
    """One document: ``number`` counts from 1 in its ``source``, ``node`` knows lines."""

    source: str
    number: int
    document: Document
    node: yaml.Node | None

    @property
    def line(self) -> int:
        """The line it starts on, from 1; 0 when unknown."""
        return self.node.start_mark.line + 1 if self.node is not None else 0

    @property
    def title(self) -> str:
        """``Kind name``, as far as it says so."""
        kind, name = self.document.get("kind"), text(self.document, "metadata", "name")
        return f"{kind or 'object'} {name}".rstrip()

    def place(self, field: str = "") -> str:
        """``file:line`` of the document or of a field in it."""
        line = (find_line(self.node, field) if field else 0) or self.line
        return f"{self.source}:{line}" if line else self.source


def load(data: bytes | str, source: str) -> list[Manifest]:
    """All documents of a file, lists taken apart.

    Raises ``VirtctlError`` naming file and line for bad YAML and for what cannot be an object.
    """
    found: list[Manifest] = []
    try:
        for number, (node, value) in enumerate(_documents(data, source), 1):
            found.extend(_flatten(Manifest(source, number, _object(value, node, source), node)))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{source}:{mark.line + 1}" if mark else source
        raise VirtctlError(f"{where}: bad YAML: {error.problem or error.context}") from error
    except yaml.YAMLError as error:
        raise VirtctlError(f"{source}: bad YAML: {error}") from error
    return found


def first(content: str) -> JsonValue:
    """The first document of any kind; None when there is none. Raises ``VirtctlError``."""
    try:
        return next((value for _, value in _documents(content, "stdin")), None)
    except yaml.YAMLError as error:
        raise VirtctlError(f"bad YAML: {error}") from error


def _documents(data: bytes | str, source: str) -> Iterator[tuple[yaml.Node, JsonValue]]:
    loader = _Loader(data)
    try:
        while loader.check_node():
            node = loader.get_node()
            _refuse_duplicates(node, source)
            value = loader.construct_document(node)
            if value is not None:
                yield node, value
    finally:
        loader.dispose()


def _refuse_duplicates(node: yaml.Node, source: str) -> None:
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value != "<<":
                if key.value in seen:
                    raise VirtctlError(
                        f"{source}:{key.start_mark.line + 1}: key `{key.value}` is there twice"
                    )
                seen.add(key.value)
            _refuse_duplicates(value, source)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            _refuse_duplicates(value, source)


def _object(value: JsonValue, node: yaml.Node, source: str) -> Document:
    where = f"{source}:{node.start_mark.line + 1}"
    if not isinstance(value, dict):
        raise VirtctlError(
            f"{where}: not an object: a manifest is a mapping with apiVersion and kind"
        )
    for field in ("apiVersion", "kind"):
        if not isinstance(value.get(field), str) or not value[field]:
            raise VirtctlError(f"{where}: `{field}` is missing")
    return value


def _flatten(manifest: Manifest) -> Iterator[Manifest]:
    document = manifest.document
    if not str(document["kind"]).endswith("List") or "items" not in document:
        yield manifest
        return
    nodes = _children(manifest.node, "items")
    try:
        for position, item in enumerate(objects(document, "items")):
            node = nodes[position] if position < len(nodes) else None
            yield manifest._replace(document=item, node=node)
    except InvalidField as error:
        raise VirtctlError(f"{manifest.place()}: {error}") from error


def _children(node: yaml.Node | None, key: str) -> list[yaml.Node]:
    found = _step(node, key)
    return list(found[1].value) if found and isinstance(found[1], yaml.SequenceNode) else []


def find_line(node: yaml.Node | None, field: str) -> int:
    """The line of ``spec.template.spec.volumes[0].name`` in ``node``; 0 when it is not there."""
    line = 0
    for part in re.findall(r"[^.\[\]]+|\[\d+\]", field):
        found = _step(node, part)
        if found is None:
            break
        line, node = found[0] + 1, found[1]
    return line


def _step(node: yaml.Node | None, part: str) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if getattr(key, "value", None) == part:
                return key.start_mark.line, value
    if isinstance(node, yaml.SequenceNode) and part.strip("[]").isdigit():
        position = int(part.strip("[]"))
        if position < len(node.value):
            return node.value[position].start_mark.line, node.value[position]
    return None
