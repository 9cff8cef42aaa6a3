"""Manifests as text."""

import pytest

from launcher.facts import HostFacts
from tests.fakes.manifests import with_disk, with_nic
from virtctl.errors import InvalidField, UsageError
from virtctl.local.node.render import WHAT, render, render_here

HOST = HostFacts()


def manifest() -> dict:
    made = with_nic()
    seed = {"cloudInitNoCloud": {"userData": "#cloud-config"}}
    other = with_disk(seed)
    made["spec"]["volumes"] = other["spec"]["volumes"]
    made["spec"]["domain"]["devices"]["disks"] = other["spec"]["domain"]["devices"]["disks"]
    return made


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("domain", '<target dev="tap0" managed="no"></target>'),
        ("domain", '<cpu mode="maximum">'),
        ("network", "k6t-eth0: bridge mtu 1500 link/ether 02:00:00:00:00:00 up"),
        ("network", "counter dnat to 10.0.2.2"),
        ("cloud-init", "# v: user-data\n#cloud-config"),
        ("disks", "noCloud.iso -volid cidata"),
        ("pod", "kubevirt.io: virt-launcher"),
    ],
)
def test_render(what: str, said: str) -> None:
    assert said in render(manifest(), what, HOST)


def test_with_kvm() -> None:
    assert '<domain type="kvm"' in render(manifest(), "domain", HostFacts(kvm_usable=True))


def test_defaults_may_come_from_elsewhere() -> None:
    def admit(vmi: dict) -> dict:
        vmi["spec"]["domain"]["devices"]["rng"] = {}
        return vmi

    assert "<rng " in render(manifest(), "domain", HOST, admit=admit)


def test_other_kinds() -> None:
    with pytest.raises(UsageError, match="kind `Pod`"):
        render({"kind": "Pod"}, "domain", HOST)


def test_other_texts() -> None:
    with pytest.raises(UsageError, match=", ".join(WHAT)):
        render(manifest(), "poem", HOST)


def test_what_cannot_be_made() -> None:
    vmi = manifest()
    vmi["spec"]["domain"]["firmware"]["bootloader"] = {"efi": {"secureBoot": False}}
    with pytest.raises(InvalidField, match="roms missing") as caught:
        render(vmi, "domain", HOST)
    assert caught.value.hint == "install `ovmf`"


def test_on_this_host() -> None:
    assert "<domain type=" in render_here(manifest(), "domain")
