"""VirtualMachineTemplates filled in, as their server does it; the server here and clients use it.

Facts: spec/virtctl.md §12.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from virtctl.errors import VirtctlError
from virtctl.models.documents import Document, JsonValue, child, find, flag, objects, text
from virtctl.wire.expressions import generate

_TEXT = re.compile(r"\$\{([a-zA-Z0-9_]+)\}")
_JSON = re.compile(r"\$\{\{([a-zA-Z0-9_]+)\}\}\Z")
_STRINGS = ("name", "displayName", "description", "value", "generate", "from")

LIMIT = 1 << 20
"""Characters that parameters may put into one machine: templates are filled in for anybody."""


class Filled(NamedTuple):
    """A machine out of a template, what its author has to say, and what may be wrong."""

    vm: Document
    message: str
    warnings: tuple[str, ...]


def parameters(template: Document) -> list[Document]:
    """The template's parameters, each with a name and without what is empty.

    Raises ``VirtctlError`` for values of a wrong type; numbers and switches count as words.
    """
    return [parameter(one) for one in objects(template, "spec", "parameters")]


def parameter(given: Document) -> Document:
    """One parameter, as it is after decoding. Raises ``VirtctlError``."""
    found: Document = {"name": word(given.get("name"), "name")}
    for key in _STRINGS[1:]:
        if text := word(given.get(key), key):
            found[key] = text
    required = given.get("required")
    if not isinstance(required, bool | None):
        raise VirtctlError(f"parameter {found['name']}: `required` must be true or false")
    return {**found, "required": True} if required else found


def word(value: JsonValue, key: str) -> str:
    """A scalar of YAML where a word is meant. Raises ``VirtctlError`` for anything else."""
    if value is None:
        return ""
    if isinstance(value, (dict, list)):
        raise VirtctlError(f"the value of `{key}` must be a word")
    return value if isinstance(value, str) else json.dumps(value)


def process(template: Document, given: Mapping[str, str], random: Callable[[int], bytes]) -> Filled:
    """Fill in ``template``. Raises ``VirtctlError`` naming the parameter that is at fault."""
    values = _values(parameters(template), given, random)
    used: set[str] = set()
    fill = _Filling(values, used)
    if find(template, "spec", "virtualMachine") is None:
        raise VirtctlError("`spec.virtualMachine` is missing")
    machine = child(template, "spec", "virtualMachine")
    metadata = child(machine, "metadata")
    if "namespace" in metadata and not _TEXT.search(text(metadata, "namespace")):
        kept = {key: value for key, value in metadata.items() if key != "namespace"}
        machine = {**machine, "metadata": kept}
    vm = fill.value(machine)
    message = fill.message(text(template, "spec", "message"))
    unused = [name for name in values if name not in used]
    warnings = tuple(f"Warning: parameter {name} is never used" for name in unused)
    return Filled(vm if isinstance(vm, dict) else {}, message, warnings)


def _values(
    declared: list[Document], given: Mapping[str, str], random: Callable[[int], bytes]
) -> dict[str, str]:
    names = [text(parameter, "name") for parameter in declared]
    for name in given:
        if name not in names:
            raise VirtctlError(
                f"parameter {name} not found in template",
                f"there are: {', '.join(names) or 'none'}",
            )
    found: dict[str, str] = {}
    for parameter in declared:
        name = text(parameter, "name")
        if not name:
            raise VirtctlError("a parameter has no name")
        if name in found:
            raise VirtctlError(f"parameter {name} is declared twice")
        value = given.get(name, text(parameter, "value")) or _generated(parameter, random)
        if not value and flag(parameter, "required"):
            raise VirtctlError(f"parameter {name} is required and has no value", f"-p {name}=...")
        found[name] = value
    return found


def _generated(parameter: Document, random: Callable[[int], bytes]) -> str:
    way = text(parameter, "generate")
    if not way:
        return ""
    name = text(parameter, "name")
    if way != "expression":
        raise VirtctlError(f"parameter {name}: cannot generate by `{way}`; there is: expression")
    if not text(parameter, "from"):
        raise VirtctlError(f"parameter {name}: `from` is empty, of which it is to be generated")
    try:
        return generate(text(parameter, "from"), random)
    except VirtctlError as error:
        raise VirtctlError(f"parameter {name}: {error}") from error


class _Filling:
    """Puts values in the place of references, and remembers which were used."""

    def __init__(self, values: Mapping[str, str], used: set[str]) -> None:
        self.values = values
        self.used = used
        self._left = LIMIT

    def value(self, value: JsonValue) -> JsonValue:
        if isinstance(value, dict):
            return {self._key(key): self.value(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.value(inner) for inner in value]
        if not isinstance(value, str):
            return value
        whole = _JSON.match(value)
        return self._json(whole.group(1)) if whole else self.text(value)

    def text(self, value: str) -> str:
        """One reference after the other, as they stand: values may hold references, too."""
        for name in _TEXT.findall(value):
            value = value.replace(f"${{{name}}}", self._known(name), 1)
        return value

    def message(self, value: str) -> str:
        """As ``text``; a message that is one ``${{NAME}}`` is the value."""
        whole = _JSON.match(value)
        return self._known(whole.group(1)) if whole else self.text(value)

    def _key(self, key: str) -> str:
        whole = _JSON.match(key)
        made = self._json(whole.group(1)) if whole else self.text(key)
        if isinstance(made, str):
            return made
        raise VirtctlError(f"the key `{key}` becomes `{made}`, which is no word")

    def _json(self, name: str) -> JsonValue:
        """The value as JSON, and as a word if it is none."""
        value = self._known(name)
        try:
            loaded: JsonValue = json.loads(value)
        except ValueError:
            return value
        if loaded is None:
            raise VirtctlError(f"parameter {name}: `null` cannot be put in its place")
        return int(loaded) if isinstance(loaded, float) and loaded.is_integer() else loaded

    def _known(self, name: str) -> str:
        if name not in self.values:
            raise VirtctlError(f"the machine refers to parameter {name}, which is not declared")
        self.used.add(name)
        self._left -= len(self.values[name])
        if self._left < 0:
            raise VirtctlError(f"the machine grows beyond {LIMIT} characters of parameters")
        return self.values[name]


def problem(template: Document) -> str:
    """Why ``template`` can never be filled in; empty when it may be."""
    try:
        names = [text(parameter, "name") for parameter in parameters(template)]
    except VirtctlError as error:
        return str(error)
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        return f"parameter {twice[0]} is declared twice"
    if find(template, "spec", "virtualMachine") is None:
        return "`spec.virtualMachine` is missing"
    machine = child(template, "spec", "virtualMachine")
    message = text(template, "spec", "message")
    undeclared = sorted({*_references(machine), *_references(message)} - {*names})
    if undeclared:
        return f"the machine refers to parameter {undeclared[0]}, which is not declared"
    for parameter in parameters(template):
        try:
            _generated(parameter, bytes)
        except VirtctlError as error:
            return str(error)
    return ""


def _references(value: JsonValue) -> Iterator[str]:
    """Names of parameters that are used anywhere in ``value``."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _references(key)
            yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)
    elif isinstance(value, str):
        whole = _JSON.match(value)
        yield from [whole.group(1)] if whole else _TEXT.findall(value)
