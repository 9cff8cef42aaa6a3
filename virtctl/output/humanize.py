"""Ages and sizes for people."""

from __future__ import annotations

from datetime import UTC, datetime

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_STEPS = (
    # below this many seconds: unit, smaller unit, whether the smaller one is shown
    (120, "s", "s", False),
    (600, "m", "s", True),
    (10800, "m", "s", False),
    (28800, "h", "m", True),
    (172800, "h", "m", False),
    (691200, "d", "h", True),
    (63072000, "d", "h", False),
)


def age(timestamp: str, now: float) -> str:
    """Time since an RFC 3339 ``timestamp``, as kubectl writes it; ``<unknown>`` when unreadable."""
    try:
        then = datetime.fromisoformat(timestamp).astimezone(UTC).timestamp()
    except ValueError:
        return "<unknown>"
    return duration(max(0, int(now - then)))


def duration(seconds: int) -> str:
    """``5s``, ``3m12s``, ``47m``, ``5h10m``, ``23h``, ``3d4h``, ``12d``, ``2y3d``."""
    for limit, unit, small, both in _STEPS:
        if seconds < limit:
            count, rest = seconds // _UNITS[unit], seconds % _UNITS[unit]
            return f"{count}{unit}{_rest(rest // _UNITS[small], small) if both else ''}"
    return f"{seconds // 31536000}y{_rest(seconds % 31536000 // 86400, 'd')}"


def _rest(value: int, unit: str) -> str:
    return f"{value}{unit}" if value else ""


def size(count: int) -> str:
    """Bytes in binary units: ``512 B``, ``1.5 MiB``."""
    value = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < 1024:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} TiB"
