"""Echoes, asked of this namespace itself."""

import pytest

from launcher.system import echoes
from tests.fakes.scratch import scratch_netns


def test_the_checksum_of_the_rfc() -> None:
    assert echoes.checksum(bytes.fromhex("0001f203f4f5f6f7")) == 0x220D  # RFC 1071 section 3


@pytest.mark.host
@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_who_is_there_answers(address: str) -> None:
    with scratch_netns("echo") as name:
        assert echoes.answers(address, name, 2)


@pytest.mark.host
def test_who_is_not_there_does_not() -> None:
    with scratch_netns("echo") as name:
        assert not echoes.answers("192.0.2.1", name, 0.05)
