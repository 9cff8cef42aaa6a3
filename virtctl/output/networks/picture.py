"""Paths as a picture: SVG with a row for each NIC and a box for each hop."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape

from virtctl.output.networks.lines import network_word, state
from virtctl.output.networks.path import Hop, Path

_BOX, _GAP, _HIGH, _ROW = 150, 34, 96, 170
_LEFT, _TOP = 20, 60
_COLOURS = {
    "guest": "#d8ecd2", "pod": "#d5e3f5", "node": "#fbe5c8", "host": "#ead9ef", "wire": "#e4e4e4",
}  # fmt: skip
_BAD = "#c0392b"
_LETTERS = 21
"""Letters that fit into a box."""


def draw(name: str, found: Sequence[Path]) -> str:
    """A whole SVG document."""
    most = max((len(path.hops) for path in found), default=1)
    width = 2 * _LEFT + most * (_BOX + _GAP) - _GAP
    height = _TOP + max(len(found), 1) * _ROW
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif">',
        f"<title>Network of {escape(name)}</title>",
        f'<rect width="{width}" height="{height}" fill="white"/>',
        _text(_LEFT, 28, name, size=18),
    ]
    for number, path in enumerate(found):
        parts += _row(path, _TOP + number * _ROW)
    return "\n".join([*parts, "</svg>"])


def _row(path: Path, top: int) -> Iterator[str]:
    yield _text(_LEFT, top + 14, f"{path.nic}: {path.binding} to {network_word(path)}", size=14)
    for number, hop in enumerate(path.hops):
        left = _LEFT + number * (_BOX + _GAP)
        if number:
            middle = top + 26 + _HIGH // 2
            yield (
                f'<line x1="{left - _GAP}" y1="{middle}" x2="{left}" y2="{middle}" '
                'stroke="#555" stroke-width="2"/>'
            )
        yield from _box(hop, left, top + 26)


def _box(hop: Hop, left: int, top: int) -> Iterator[str]:
    how = state(hop)
    border = _BAD if how in {"MISSING", "DOWN", "NO-CARRIER"} else "#555"
    dashed = ' stroke-dasharray="5 4"' if hop.link is None and hop.where != "guest" else ""
    yield f"<g><title>{escape(chr(10).join((*hop.notes, *hop.rules)) or hop.name)}</title>"
    yield (
        f'<rect x="{left}" y="{top}" width="{_BOX}" height="{_HIGH}" rx="6" '
        f'fill="{_COLOURS[hop.where]}" stroke="{border}"{dashed}/>'
    )
    addresses = hop.addresses or (hop.link.addresses if hop.link else ())
    lines = [
        hop.name,
        f"{hop.where}, {hop.kind}",
        how if not hop.mtu else f"{how}, MTU {hop.mtu}",
        hop.mac or (hop.link.mac if hop.link else ""),
        *(one for one in addresses if not one.startswith("fe80")),
    ]
    for number, line in enumerate(lines[:6]):
        yield _text(left + 8, top + 16 + number * 15, _cut(line), size=13 if not number else 11)
    yield "</g>"


def _cut(line: str) -> str:
    return line if len(line) <= _LETTERS else f"{line[: _LETTERS - 1]}…"


def _text(left: int, top: int, said: str, *, size: int) -> str:
    return f'<text x="{left}" y="{top}" font-size="{size}">{escape(said)}</text>'
