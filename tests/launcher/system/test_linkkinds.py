import os

import pytest

from launcher.system.linkkinds import available, known
from tests.fakes.scratch import inside_scratch_netns, shell


@pytest.mark.skipif(os.geteuid() == 0, reason="root may try")
def test_without_rights_there_is_nothing() -> None:
    assert available(["bridge"]) == ()


@pytest.mark.host
def test_asking_makes_nothing() -> None:
    with inside_scratch_netns():
        before = shell("ip link")
        assert known("bridge")
        assert not known("nonsense")
        assert shell("ip link") == before


@pytest.mark.host
def test_a_kind_that_every_kernel_lacks_is_told_from_one_that_we_need() -> None:
    assert available(["bridge", "nonsense", "veth"]) == ("bridge", "veth")
