"""Devices of the host and others."""

import msgspec
import pytest

from launcher.spec import HostDevice


def test_a_device_of_the_host_needs_its_address() -> None:
    with pytest.raises(msgspec.ValidationError, match="missing required field `address`"):
        msgspec.json.decode(b'{"name": "gpu", "kind": "gpu", "bus": "pci"}', type=HostDevice)
