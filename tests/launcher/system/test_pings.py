import pytest

from launcher.errors import HostError
from launcher.system import pings
from tests.fakes.scratch import scratch_netns, shell

pytestmark = pytest.mark.host

MAC = "02:00:00:00:00:07"


def test_pings_of_all_sizes() -> None:
    with scratch_netns("a") as near, scratch_netns("b") as far:
        shell(f"ip -n {near} link add v0 type veth peer name v1 netns {far}")
        shell(
            """
            ip link set v0 mtu 1300 up
            ip address add 10.9.0.1/24 dev v0
            ip address add fd00::1/64 dev v0 nodad
            """,
            near,
        )
        shell(
            """
            ip link set v1 up
            ip address add 10.9.0.2/24 dev v1
            ip address add fd00::2/64 dev v1 nodad
            """,
            far,
        )
        for address in ("10.9.0.2", "fd00::2"):
            assert pings.echo(near, address, 84)
            assert pings.echo(near, address, 1300)
            assert not pings.echo(near, address, 1400, seconds=0.1)
        # The namespace has no such addresses: its link is asked for them, as a guest's would be.
        shell(f"ip neighbour add 10.9.0.9 lladdr {MAC} dev v1", far)
        for own, address in (("10.9.0.9", "10.9.0.2"), ("fd00::9", "fd00::2")):
            assert pings.echo_as(near, "v0", (MAC, own), address, 84)
            assert pings.echo_as(near, "v0", (MAC, own), address, 1300)
            assert not pings.echo_as(near, "v0", (MAC, own), address, 1400, seconds=0.1)
        assert not pings.echo_as(near, "v0", (MAC, "10.9.0.9"), "10.9.0.77", 84, seconds=0.1)
        with pytest.raises(HostError, match="no MAC address"):
            pings.echo_as(near, "v0", ("02:00", "10.9.0.9"), "10.9.0.2", 84)
