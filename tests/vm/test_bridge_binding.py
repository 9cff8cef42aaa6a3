"""A guest that is bridged into its pod's network really boots with the pod's address and MAC."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from launcher.spec import Bridge, Nic
from launcher.system import linkkinds
from tests.fakes.scratch import shell
from tests.vm.test_launcher import POD_ADDRESS, Pod, pod

pytestmark = [pytest.mark.vm, pytest.mark.timeout(1500)]

NIC = Nic(name="default", pod_nic="eth0", binding=Bridge())


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Pod]:
    with pod(tmp_path) as found:
        yield found


def test_the_guest_has_the_pods_mac_and_address(made: Pod, tiny_image: Path) -> None:
    mac = shell("ip -br link show eth0", made.pod).split()[2]
    made.prepare(tiny_image, nics=(NIC,))
    made.start()
    said = made.ssh("cat /sys/class/net/eth0/address; ip -br address show eth0; ip route")
    assert said.splitlines()[0] == mac
    assert f"{POD_ADDRESS}/23" in said
    assert "default via 10.129.2.1" in said
    # The agent may be asked before the guest has its lease, and tell a link-local address only.
    state = made.until(lambda each: bool(each.nics and POD_ADDRESS in each.nics[0].addresses))
    assert (state.nics[0].mac, state.nics[0].addresses[0]) == (mac, POD_ADDRESS)
    stood_in = any(note.startswith("stand-in: a link of kind ifb") for note in state.notes)
    assert stood_in is not linkkinds.known("dummy")
    # The pod's own address is only kept, and the way out is the guest's.
    assert "state DOWN" in made.execute("ip", "address", "show", "eth0")[1]
    assert "master k6t-eth0" in made.execute("ip", "link", "show", "eth0-nic")[1]
    made.ssh("ping -c 1 -W 60 10.129.2.1")
