"""PCI addresses."""

import pytest

from launcher.domain.addresses import pci_address
from launcher.errors import SpecError


def test_an_address_is_taken_apart() -> None:
    assert dict(pci_address("0000:3a:1f.7").attributes) == {
        "type": "pci", "domain": "0x0000", "bus": "0x3a", "slot": "0x1f", "function": "0x7",
    }  # fmt: skip


def test_nothing_is_no_address() -> None:
    assert pci_address("") is None


@pytest.mark.parametrize("text", ["3a:00.0", "0000:3a:20.0", "0000:3a:00.8", "x"])
def test_malformed(text: str) -> None:
    with pytest.raises(SpecError, match=r"0000:03:00\.0"):
        pci_address(text)
