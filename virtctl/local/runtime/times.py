"""Times as the API spells them: RFC 3339, UTC, whole seconds (``metav1.Time``)."""

from __future__ import annotations

from datetime import UTC, datetime


def stamp(now: float) -> str:
    """Unix seconds as ``2026-01-31T12:00:00Z``."""
    return datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def micro_stamp(now: float) -> str:
    """Unix seconds as ``metav1.MicroTime``, the form of leases and event times."""
    return datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def seconds(text: str) -> float:
    """Unix seconds of a stamp; 0 when it is empty or not a time."""
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return 0.0
