"""What the pod network step hands to the domain: which tap a NIC is plugged into."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class NicWiring:
    """The pod's end of one guest NIC. What is empty or 0 is not set."""

    tap: str = ""
    mac: str = ""
    mtu: int = 0


@dataclass(frozen=True, kw_only=True)
class PodWiring:
    """Taps by NIC name. A NIC without an entry is defined without a tap (for printing only)."""

    nics: Mapping[str, NicWiring] = field(default_factory=dict)

    def of(self, name: str) -> NicWiring:
        """The wiring of a NIC; an empty one when it has none."""
        return self.nics.get(name, NicWiring())
