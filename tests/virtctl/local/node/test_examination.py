"""What the doctor looks at; what is right on this machine is told by the ``host`` test."""

from pathlib import Path

import pytest

from launcher.facts import HostFacts
from virtctl.local.config import LocalConfig
from virtctl.local.layout import InstanceLayout
from virtctl.local.node import examination

BROKEN = HostFacts(kvm_reason="`/dev/kvm`: no such file", qemu_version="", libvirt_version="")
GOOD = HostFacts(kvm_usable=True, qemu_version="10.0.13", libvirt_version="11.3.0")


@pytest.mark.parametrize(
    ("facts", "emulation", "level", "said"),
    [
        (GOOD, "auto", "ok", "a trial guest ran"),
        (GOOD, "always", "ok", "a trial guest ran"),
        (BROKEN, "auto", "warn", "guests run on plain QEMU"),
        (BROKEN, "always", "ok", "not wanted"),
        (BROKEN, "never", "fail", "shall use nothing else"),
    ],
)
def test_kvm_matters_as_much_as_it_is_wanted(
    facts: HostFacts, emulation: str, level: str, said: str
) -> None:
    name, found, text, remedy = examination.acceleration(facts, LocalConfig(emulation=emulation))
    assert (name, found) == ("KVM", level)
    assert said in text
    assert facts.kvm_reason in text
    assert bool(remedy) == (level != "ok")


def test_a_hypervisor_that_is_missing_is_a_failure_with_a_package() -> None:
    found = {name: (level, remedy) for name, level, _, remedy in examination.hypervisor(BROKEN)}
    assert found == {
        "QEMU": ("fail", "apt-get install qemu-system-x86"),
        "libvirt": ("fail", "apt-get install libvirt-daemon-driver-qemu"),
    }
    assert [finding[1] for finding in examination.hypervisor(GOOD)] == ["ok", "ok"]


def test_links_that_the_kernel_lacks_are_told_and_no_failure() -> None:
    name, level, said, _ = examination.cards(HostFacts(link_kinds=("bond", "dummy", "vlan")))
    assert (name, level) == ("node links", "ok")
    assert "has no vxlan" in said
    everything = HostFacts(link_kinds=("bond", "dummy", "vlan", "vxlan"))
    assert "can be made" in examination.cards(everything)[2]
    assert examination.switch()[0] == "Open vSwitch"


def test_overlay_networks_need_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examination.overlays, "missing", lambda: ("ovn-central", "ovn-host"))
    name, level, _, remedy = examination.overlay()
    assert (name, level, remedy) == ("OVN", "warn", "apt-get install ovn-central ovn-host")
    monkeypatch.setattr(examination.overlays, "missing", lambda: ())
    assert examination.overlay()[1] == "ok"


def test_disk_space_is_looked_at_where_the_directory_will_be(tmp_path: Path) -> None:
    name, level, said, _ = examination.disk(InstanceLayout(tmp_path / "not" / "yet"))
    assert name == "disk"
    assert level in {"ok", "warn"}
    assert str(tmp_path / "not" / "yet") in said


def test_networks_that_are_none_are_one_finding(tmp_path: Path) -> None:
    layout, config = InstanceLayout(tmp_path), LocalConfig(pod_cidr="pods")
    assert list(examination.network(layout, config)) == [
        ("network", "fail", "pod CIDR: `pods` is not a CIDR like `10.244.0.0/16`", "")
    ]


@pytest.mark.host
def test_a_machine_that_runs_the_tests_has_all_it_takes(tmp_path: Path) -> None:
    layout = InstanceLayout(tmp_path)
    found = {name: level for name, level, _, _ in examination.look(layout, LocalConfig())}
    assert found["root"] == found["tun"] == found["links"] == found["nft"] == "ok"
    assert found["programs"] == found["Python packages"] == found["QEMU"] == "ok"
    assert {"KVM", "AppArmor", "FORWARD", "br_netfilter", "CNI plugins"} <= found.keys()
    failed = examination.missing_for_start(layout, LocalConfig())
    assert {name for name, _, _, _ in failed} <= {"addresses"}  # of another instance
