"""Objects to JSON, YAML and names, as kubectl prints them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache

from virtctl.models.documents import Document, JsonValue, text
from virtctl.wire.scalars import resolvers


def as_json(value: JsonValue, indent: int = 4) -> str:
    """JSON with kubectl's four spaces."""
    return json.dumps(value, indent=indent, ensure_ascii=False)


def as_yaml(value: JsonValue) -> str:
    """Block-style YAML with sorted keys, as Go's encoder writes it."""
    import yaml  # costs 12 ms

    dumped: str = yaml.dump(
        value,
        Dumper=_dumper(),
        default_flow_style=False,
        sort_keys=True,
        allow_unicode=True,
        width=2**31 - 1,
    )
    return dumped


@cache
def _dumper() -> type:
    """A dumper with literal blocks, that quotes all that kubectl would not read as a string."""
    import yaml

    base: type = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    known = {first: list(pairs) for first, pairs in base.yaml_implicit_resolvers.items()}  # type: ignore[attr-defined]
    for first, tag, pattern in resolvers():
        known.setdefault(first, []).append((tag, pattern))
    dumper = type("Dumper", (base,), {"yaml_implicit_resolvers": known})
    dumper.add_representer(str, _string)  # type: ignore[attr-defined]
    dumper.ignore_aliases = lambda self, data: True  # type: ignore[attr-defined]  # noqa: ARG005
    return dumper


def _string(dumper: object, value: str) -> object:
    style = "|" if "\n" in value else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)  # type: ignore[attr-defined]


def as_list(items: Iterable[Document]) -> Document:
    """Several objects as one ``List``; none is a valid empty one."""
    return {
        "apiVersion": "v1",
        "kind": "List",
        "metadata": {"resourceVersion": ""},
        "items": list(items),
    }


def resource_name(document: Document, singular: str) -> str:
    """``singular/name``, as ``-o name`` prints it."""
    return f"{singular}/{text(document, 'metadata', 'name')}"
