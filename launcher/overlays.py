"""The door to overlay networks: OVN over an instance's nodes, and pods on its networks.

Functions need root and may take some 100 ms, the first of all half a second: inside an event loop
call them with ``asyncio.to_thread``. They may be called side by side.
"""

from __future__ import annotations

from launcher.net.overlay import Localnet, Overlay
from launcher.net.policies import Guard
from launcher.system.overlays import (
    OverlayAsk,
    OverlayLink,
    add,
    check,
    delete,
    enforce,
    ensure_network,
    remove_network,
    switches,
)
from launcher.system.ovn import missing, processes, programs, revive

__all__ = [
    "Guard",
    "Localnet",
    "Overlay",
    "OverlayAsk",
    "OverlayLink",
    "add",
    "check",
    "delete",
    "enforce",
    "ensure_network",
    "missing",
    "processes",
    "programs",
    "remove_network",
    "revive",
    "switches",
]
