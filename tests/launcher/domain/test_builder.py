"""Whole domains: cases are directories with a spec, facts and the XML that comes of them."""

from pathlib import Path

import libvirt
import msgspec
import pytest

from launcher.domain.builder import DEVICES, GENERAL, build_domain
from launcher.domain.element import parse
from launcher.domain.wiring import NicWiring, PodWiring
from launcher.facts import HostFacts
from launcher.spec import PciPlacement, decode
from tests.fakes.machines import inputs, machine

CASES = sorted((Path(__file__).parent / "cases").iterdir())
NEWER = frozenset({"tdx"})  # cases of what older versions of libvirt refuse
POD = PodWiring(nics={"default": NicWiring(tap="tap0", mac="02:b3:f0:00:00:01", mtu=1500)})


def built(case: Path) -> str:
    spec = decode((case / "spec.json").read_bytes())
    facts = msgspec.json.decode((case / "facts.json").read_bytes(), type=HostFacts)
    return build_domain(spec, facts, POD)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case: Path) -> None:
    assert built(case) == (case / "domain.xml").read_text()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_libvirt_takes_it(case: Path) -> None:
    connection = libvirt.open("test:///default")
    try:
        # The test driver knows one domain type only.
        text = built(case)
        for kind in ("kvm", "qemu"):
            text = text.replace(f'<domain type="{kind}"', '<domain type="test"')
        try:
            domain = connection.defineXML(text)
        except libvirt.libvirtError as error:
            if case.name in NEWER and "launchSecurity" in str(error):
                pytest.skip("this libvirt does not know such guests yet")
            raise
        spec = decode((case / "spec.json").read_bytes())
        assert domain.UUIDString() == spec.firmware.uuid
        domain.undefine()
    finally:
        connection.close()


def test_name_joins_namespace_and_name() -> None:
    assert parse(build_domain(machine())).find("name").text == "shop_web"


@pytest.mark.parametrize(("policy", "action"), [("Terminate", "destroy"), ("Reboot", "restart")])
def test_reboot_policy(policy: str, action: str) -> None:
    assert parse(build_domain(machine(reboot_policy=policy))).find("on_reboot").text == action


@pytest.mark.parametrize("configure", [*GENERAL, *DEVICES], ids=lambda each: each.__name__)
def test_configurators_return_new_values(configure) -> None:
    given = inputs()
    assert configure(given) == configure(given)


def test_no_root_complex_without_pci() -> None:
    asked = {"pci": PciPlacement(root_complex=True), "rng": True}
    placed = '<address type="pci"'
    assert placed in build_domain(machine(**asked))
    assert placed not in build_domain(machine(architecture="s390x", **asked))
