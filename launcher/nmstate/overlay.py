"""Lay what is given of a state over what is there, field by field.

VLANs of a port are taken whole: those of another mode mean nothing.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec

from launcher.nmstate.schema import BridgePort, Part, PortVlan

P = TypeVar("P", bound=Part)


def overlay(below: P | None, above: P) -> P:
    """``above``, with what it leaves out taken from ``below``."""
    if below is None:
        return above
    changes: dict[str, object] = {}
    for field in above.__struct_fields__:
        new, old = getattr(above, field), getattr(below, field)
        if new is None:
            changes[field] = old
        elif isinstance(new, Part) and type(new) is type(old) and not isinstance(new, PortVlan):
            changes[field] = overlay(old, new)
        elif field == "options" and isinstance(new, dict) and isinstance(old, dict):
            changes[field] = {**old, **new}
        elif isinstance(new, tuple) and new and isinstance(new[0], BridgePort):
            changes[field] = _ports(old or (), new)
    return msgspec.structs.replace(above, **changes)


def _ports(below: tuple[BridgePort, ...], above: tuple[BridgePort, ...]) -> tuple[BridgePort, ...]:
    known = {port.name: port for port in below}
    return tuple(overlay(known.get(port.name), port) for port in above)
