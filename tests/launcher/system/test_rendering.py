"""A machine as text."""

from launcher.facts import HostFacts
from launcher.spec import Bridge, CloudInit
from launcher.system import rendering
from tests.fakes.machines import disk, machine, nic

SPEC = machine(
    nics=(nic(mac="02:b3:f0:00:00:01"),),
    disks=(disk(), disk("seed", CloudInit(flavour="noCloud", user_data="#cloud-config\n"))),
)
POD = rendering.supposed_pod(SPEC, ("10.244.1.2/24",), ("10.244.1.1",))


def test_supposed_pod() -> None:
    assert [link.name for link in POD.links] == ["eth0"]
    assert POD.default_gateway(4) == "10.244.1.1"
    assert rendering.supposed_pod(machine(), ("10.244.1.2/24",), ("10.244.1.1",)).routes == ()


def test_domain_has_the_taps_of_the_pod() -> None:
    text = rendering.render_domain(SPEC, HostFacts(kvm_usable=True), POD)
    assert '<target dev="tap0" managed="no"></target>' in text
    assert '<mac address="02:b3:f0:00:00:01"></mac>' in text
    assert '<mtu size="1500"></mtu>' in text


def test_network() -> None:
    assert "tap0" in rendering.render_network(SPEC, POD)


def test_seeds() -> None:
    text = rendering.render_seeds(SPEC)
    assert "# seed: meta-data\n{" in text
    assert "# seed: user-data\n#cloud-config\n" in text


def test_disks() -> None:
    assert "qemu-img create" in rendering.render_disks(SPEC)


def test_links_of_secondary_networks_have_no_addresses() -> None:
    blue = nic("blue", pod_nic="podb", primary=False, binding=Bridge())
    pod = rendering.supposed_pod(machine(nics=(nic(), blue)), ("10.244.1.2/24",), ("10.244.1.1",))
    assert [(link.name, len(link.addresses or ())) for link in pod.links] == [
        ("eth0", 1),
        ("podb", 0),
    ]
    assert "podb: dummy" in rendering.render_network(machine(nics=(nic(), blue)), pod)
