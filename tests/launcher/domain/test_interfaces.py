"""NICs."""

import pytest
from msgspec import structs

from launcher.domain import interfaces
from launcher.domain.element import render
from launcher.domain.inputs import Inputs
from launcher.domain.wiring import NicWiring, PodWiring
from launcher.spec import Elsewhere, LaunchSecurity, Passt, PodOptions, Port
from tests.fakes.machines import inputs, nic


def made(pod: PodWiring | None = None, **changes):
    machine = {key: changes.pop(key) for key in ("launch_security",) if key in changes}
    options = changes.pop("pod_options", PodOptions())
    given = inputs(pod=pod, nics=(nic(**changes),), **machine)
    spec = structs.replace(given.spec, pod=options)
    (found,) = interfaces.interfaces(Inputs(spec, given.facts, given.wiring))
    return found


def test_none() -> None:
    assert interfaces.interfaces(inputs()) == ()


def test_on_a_tap() -> None:
    pod = PodWiring(nics={"default": NicWiring(tap="tap0", mac="02:00:00:00:00:09", mtu=1400)})
    assert render(made(pod)) == (
        '<interface type="ethernet">\n'
        "  <source></source>\n"
        '  <target dev="tap0" managed="no"></target>\n'
        '  <model type="virtio-non-transitional"></model>\n'
        '  <mac address="02:00:00:00:00:09"></mac>\n'
        '  <mtu size="1400"></mtu>\n'
        '  <alias name="ua-default"></alias>\n'
        '  <rom enabled="no"></rom>\n'
        "</interface>\n"
    )


def test_the_mac_is_as_asked_for_until_it_is_plugged_in() -> None:
    assert made(mac="02-00-00-00-00-0A").find("mac").get("address") == "02-00-00-00-00-0A"
    pod = PodWiring(nics={"default": NicWiring(mac="02:00:00:00:00:0a")})
    assert made(pod, mac="02-00-00-00-00-0A").find("mac").get("address") == "02:00:00:00:00:0a"


def test_passt_speaks_for_a_guest() -> None:
    assert render(made(binding=Passt(), mac="02:00:00:00:00:01")) == (
        '<interface type="vhostuser">\n'
        '  <source dev="eth0"></source>\n'
        '  <model type="virtio-non-transitional"></model>\n'
        '  <mac address="02:00:00:00:00:01"></mac>\n'
        '  <alias name="ua-default"></alias>\n'
        '  <backend type="passt" logFile="/var/run/kubevirt/passt.log"></backend>\n'
        '  <portForward proto="tcp"></portForward>\n'
        '  <portForward proto="udp"></portForward>\n'
        "</interface>\n"
    )


def test_passt_forwards_declared_ports_of_their_protocols() -> None:
    text = render(made(binding=Passt(), ports=(Port(port=22), Port(port=80, last=90))))
    assert '<range start="22"></range>\n    <range start="80" end="90"></range>' in text
    assert 'proto="udp"' not in text


def test_passt_leaves_a_meshs_own_ports_alone() -> None:
    text = render(made(binding=Passt(), pod_options=PodOptions(mesh=True)))
    assert text.count('exclude="yes"') == 10
    assert '<range start="15090" exclude="yes"></range>' in text


def test_what_comes_in_another_way_is_left_out() -> None:
    assert interfaces.interfaces(inputs(nics=(nic(binding=Elsewhere()),))) == ()


def test_a_boot_order_keeps_the_rom() -> None:
    found = made(boot_order=2)
    assert found.find("rom") is None
    assert found.find("boot").get("order") == "2"


def test_no_rom_in_a_confidential_guest() -> None:
    assert made(boot_order=2, launch_security=LaunchSecurity(kind="sev")).find("rom")


def test_queues_are_served_by_vhost() -> None:
    found = made(queues=4)
    assert dict(found.find("driver").attributes) == {"name": "vhost", "queues": "4"}


def test_other_models_have_no_driver() -> None:
    found = made(model="e1000", queues=4)
    assert found.find("model").get("type") == "e1000"
    assert found.find("driver") is None


def test_link_state_and_places() -> None:
    found = made(state="down", acpi_index=3, pci_address="0000:05:00.0")
    assert found.find("link").get("state") == "down"
    assert found.find("acpi").get("index") == "3"
    assert found.find("address").get("bus") == "0x05"


def test_an_index_below_one_is_none() -> None:
    assert made(acpi_index=-1).find("acpi") is None


def test_absent_nics_are_left_out() -> None:
    assert interfaces.interfaces(inputs(nics=(nic(state="absent"),))) == ()


@pytest.mark.parametrize(("kind", "kept"), [("tdx", True), ("sev", False), ("sev-snp", False)])
def test_the_rom_of_a_nic_to_boot_from(kind: str, *, kept: bool) -> None:
    found = made(launch_security=LaunchSecurity(kind=kind), boot_order=1)
    assert (found.find("rom") is None) is kept
