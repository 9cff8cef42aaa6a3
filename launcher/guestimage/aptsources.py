"""This machine's apt sources (sources.list(5)), as far as another system can use them too."""

from __future__ import annotations

from collections.abc import Mapping

_REACHABLE = ("http://", "https://", "mirror+http://", "mirror+https://")


def portable(files: Mapping[str, str]) -> str:
    """The sources of these files (by name) that are reached by network, one a line.

    Directories of this machine, CD drives and source packages are left out.
    """
    lines: list[str] = []
    for name in sorted(files):
        read = _stanzas if name.endswith(".sources") else _lines
        lines += read(files[name])
    return "".join(f"{line}\n" for line in dict.fromkeys(lines))


def _lines(text: str) -> list[str]:
    """One-line format: ``deb [OPTIONS] URI SUITE [COMPONENT...]``."""
    found = []
    for line in text.splitlines():
        words = line.partition("#")[0].split()
        rest = words[1:]
        while rest and not rest[0].startswith(_REACHABLE):
            # Options stand in brackets, which may hold blanks.
            if not rest[0].startswith("[") and "=" not in rest[0] and rest[0] != "]":
                break
            rest = rest[1:]
        if words[:1] == ["deb"] and rest and rest[0].startswith(_REACHABLE):
            found.append(" ".join(words))
    return found


def _stanzas(text: str) -> list[str]:
    """The deb822 format: paragraphs of ``Field: value``."""
    found = []
    for paragraph in text.replace("\n\n", "\n\x00\n").split("\x00"):
        fields = _fields(paragraph)
        if fields.get("enabled", "yes").lower() in {"no", "false", "0"}:
            continue
        if "deb" not in fields.get("types", "").split():
            continue
        option = fields.get("signed-by", "")
        # A key that is spelled out in the field has no short form.
        options = f"[signed-by={option}] " if option.startswith("/") else ""
        found += [
            f"deb {options}{uri} {suite} {fields.get('components', '')}".rstrip()
            for uri in fields.get("uris", "").split()
            if uri.startswith(_REACHABLE)
            for suite in fields.get("suites", "").split()
        ]
    return found


def _fields(paragraph: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    last = ""
    for line in paragraph.splitlines():
        if line.startswith("#"):
            continue
        if line.startswith((" ", "\t")) and last:
            fields[last] += f" {line.strip()}"
            continue
        name, colon, value = line.partition(":")
        if colon:
            last = name.strip().lower()
            fields[last] = value.strip()
    return fields
