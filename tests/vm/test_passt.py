"""A guest for which passt speaks: it has the pod's own address, and nothing is translated."""

from pathlib import Path

import pytest

from launcher.spec import Nic, Passt, Port
from launcher.system import process
from tests.vm.test_launcher import POD_ADDRESS, pod

pytestmark = [pytest.mark.vm, pytest.mark.timeout(1500)]


def test_the_guest_has_the_pods_address(tmp_path: Path, tiny_image: Path) -> None:
    process.find("passt")
    with pod(tmp_path) as made:
        # All ports take a file each, which is more than some hosts let a process have.
        nic = Nic(name="default", pod_nic="eth0", binding=Passt(), ports=(Port(port=22),))
        made.prepare(tiny_image, nics=(nic,))
        made.start()
        assert f"{POD_ADDRESS}/" in made.ssh("ip -br address show eth0")
        links = process.run(["ip", "-br", "link"], netns=made.pod).stdout
        assert "k6t-eth0" not in links
        assert "passt" in " ".join(made.processes())
        state = made.until(lambda each: bool(each.nics and each.nics[0].addresses))
        assert POD_ADDRESS in state.nics[0].addresses
