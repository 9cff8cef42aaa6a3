"""PCI addresses as users write them."""

from __future__ import annotations

import re

from launcher.domain.element import Element, element
from launcher.errors import SpecError

_PCI = re.compile(r"([0-9a-fA-F]{4}):([0-9a-fA-F]{2}):([01][0-9a-fA-F])\.([0-7])")


def pci_address(text: str) -> Element | None:
    """``<address>`` of ``0000:03:00.0``; None when empty. Raises ``SpecError`` if malformed."""
    if not text:
        return None
    found = _PCI.fullmatch(text)
    if found is None:
        raise SpecError("pciAddress", f"`{text}` is not of the form `0000:03:00.0`")
    domain, bus, slot, function = (f"0x{part}" for part in found.groups())
    return element(
        "address",
        {"type": "pci", "domain": domain, "bus": bus, "slot": slot, "function": function},
    )
