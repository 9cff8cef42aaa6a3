"""The door's own functions; what lies behind it has tests of its own."""

from pathlib import Path

from launcher import hostnet
from launcher.spec import Firmware, MachineSpec, Masquerade, Memory, Nic

NETWORK = hostnet.design(["node1"], directory=Path("/d"), uplink=hostnet.Uplink(mtu=1400))


def test_the_door_has_what_it_says() -> None:
    for name in hostnet.__all__:
        assert getattr(hostnet, name) is not None


def test_design_touches_nothing() -> None:
    assert NETWORK.directory == "/d"
    assert NETWORK.nodes[0].netns == "virtctl-node1"
    assert not Path("/d").exists()


def test_a_sample_pod_is_the_first_of_the_first_node() -> None:
    pod = hostnet.sample_pod(NETWORK)
    assert pod.addresses == ("10.244.1.2/24", "fd10:244:0:1::2/64")
    assert (pod.gateway, pod.gateway6, pod.mtu) == ("10.244.1.1", "fd10:244:0:1::1", 1400)
    only4 = hostnet.design(["a"], directory=Path("/d"), uplink=hostnet.Uplink(ipv6=False))
    assert hostnet.sample_pod(only4).gateway6 == ""


def test_a_pods_plan_is_rendered_without_a_pod() -> None:
    spec = MachineSpec(
        name="m",
        namespace="default",
        uid="u",
        hostname="m",
        memory=Memory(guest=1),
        firmware=Firmware(uuid="x"),
        nics=(Nic(name="default", pod_nic="eth0", binding=Masquerade()),),
    )
    text = hostnet.render_pod_network(spec, hostnet.sample_pod(NETWORK))
    assert "k6t-eth0: bridge mtu 1400 link/ether 02:00:00:00:00:00 up" in text
    assert "ip6 saddr fd10:0:2::2 counter masquerade" in text
