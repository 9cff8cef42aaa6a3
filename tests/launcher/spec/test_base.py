"""What all parts of a spec have in common."""

import msgspec
import pytest

from launcher.spec import Port
from launcher.spec.base import Part


def test_what_is_left_at_its_default_is_not_written() -> None:
    assert msgspec.json.encode(Port(port=22)) == b'{"port":22}'


def test_a_part_does_not_change() -> None:
    port = Port(port=22)
    assert isinstance(port, Part)
    with pytest.raises(AttributeError, match="immutable"):
        port.port = 23  # type: ignore[misc]
