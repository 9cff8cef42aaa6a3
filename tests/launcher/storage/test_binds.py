from pathlib import Path

import msgspec
import pytest

from launcher.facts import HostFacts
from launcher.layout import MachineLayout
from launcher.spec import (
    Claim,
    ContainerDisk,
    Disk,
    DiskSource,
    EmptyDisk,
    EphemeralClaim,
    Firmware,
    HostDisk,
    KernelBoot,
    NoMedium,
    PodOptions,
    SharedDirectory,
)
from launcher.storage import binds
from launcher.storage.binds import Bind, pod_binds
from tests.fakes.specs import UID, machine

PLACE = MachineLayout(root=Path("/m"), uid=UID, caps_cache=Path("/caps"))
PRIVATE = "/var/run/kubevirt-private"


def of_disk(source: DiskSource) -> list[Bind]:
    """The binds that a disk adds."""
    without = pod_binds(machine(disks=()), PLACE)
    found = pod_binds(machine(disks=(Disk(name="d", index=3, source=source),)), PLACE)
    return [bind for bind in found if bind not in without]


def test_every_machine_has_its_directories_where_kubevirt_has_them() -> None:
    found = {bind.source: bind.target for bind in pod_binds(machine(disks=()), PLACE)}
    assert found["/m/private"] == PRIVATE
    assert found["/m/public"] == "/var/run/kubevirt"
    assert found["/caps"] == f"{PRIVATE}/libvirt/cache/qemu/capabilities"
    assert found["/m/resolv.conf"] == "/etc/resolv.conf"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param(
            ContainerDisk(image="/i/x", format="raw"),
            [Bind("/i/x", "/var/run/kubevirt/container-disks/disk_3.img", read_only=True)],
            id="container disk",
        ),
        pytest.param(
            Claim(path="/v/ns/c/disk.img"),
            [Bind("/v/ns/c", f"{PRIVATE}/vmi-disks/d")],
            id="claim",
        ),
        pytest.param(
            Claim(path="/v/other.raw", read_only=True),
            [Bind("/v/other.raw", f"{PRIVATE}/vmi-disks/d/disk.img", read_only=True)],
            id="claim with another name",
        ),
        pytest.param(
            EphemeralClaim(path="/v/ns/c/disk.img"),
            [Bind("/v/ns/c", f"{PRIVATE}/vmi-disks/d", read_only=True)],
            id="ephemeral",
        ),
        pytest.param(Claim(path="/dev/vdz", block=True), [Bind("/dev/vdz", "/dev/d")], id="block"),
        pytest.param(
            HostDisk(path="/data/a.img"), [Bind("/data", f"{PRIVATE}/vmi-disks/d")], id="host disk"
        ),
        pytest.param(EmptyDisk(capacity=1), [], id="empty disk"),
        pytest.param(NoMedium(), [], id="no medium"),
    ],
)
def test_disks(source: DiskSource, expected: list[Bind]) -> None:
    assert of_disk(source) == expected


def test_kernel_and_initrd_are_shown_by_their_base_names() -> None:
    boot = KernelBoot(kernel="/k/vmlinuz", args="quiet")
    found = pod_binds(machine(firmware=Firmware(uuid="u", kernel_boot=boot)), PLACE)
    assert found[-1] == Bind(
        "/k/vmlinuz", "/var/run/kubevirt/container-disks/kernel-boot/vmlinuz", read_only=True
    )


def test_a_bind_is_a_triple_in_json_and_a_line_for_people() -> None:
    bind = Bind("/a", "/b", read_only=True)
    assert msgspec.json.encode(bind) == b'["/a","/b",true]'
    assert bind.describe() == "mount --bind -o ro /a /b"


def test_who_may_open_what() -> None:
    spec = machine(
        disks=(
            Disk(name="root", index=0, source=ContainerDisk(image="/i/a", format="raw")),
            Disk(name="data", index=1, source=Claim(path="/c/disk.img")),
            Disk(name="raw", index=2, source=Claim(path="/dev/loop0", block=True)),
            Disk(name="mine", index=3, source=HostDisk(path="/h/x.img")),
        ),
    )
    assert binds.to_be_read(spec) == ("/i/a",)
    assert binds.to_be_owned(spec) == ("/c/disk.img", "/dev/loop0")
    assert binds.inside_directories(spec) == (
        "/var/run/kubevirt-private/vmi-disks/data/disk.img",
        "/var/run/kubevirt-private/vmi-disks/mine/x.img",
    )


def test_qemu_is_root_in_pods_of_root_only() -> None:
    facts = HostFacts(qemu_user=112)
    assert binds.qemu_user(machine(), facts) == 112
    assert binds.qemu_user(machine(pod=PodOptions(tap_owner=0)), facts) == 0


def test_a_tpm_has_an_authority_of_its_own() -> None:
    found = pod_binds(machine(tpm="ephemeral"), PLACE)
    assert Bind("/m/private/swtpm-localca", binds.TPM_AUTHORITY) in found
    assert binds.TPM_AUTHORITY not in {bind.target for bind in pod_binds(machine(), PLACE)}


def test_shared_directories_are_bound_unless_they_are_the_pods() -> None:
    shared = (
        SharedDirectory(name="data", path="/c", read_only=True),
        SharedDirectory(name="own", path="/var/run/kubevirt", of_pod=True),
        SharedDirectory(name="conf", files={}),
    )
    new = set(pod_binds(machine(shared_directories=shared), PLACE)) - set(
        pod_binds(machine(), PLACE)
    )
    assert new == {Bind("/c", f"{PRIVATE}/virtiofs/data", True)}


def test_what_outlives_the_machine() -> None:
    spec = machine(state_directory="/v/state")
    new = set(pod_binds(spec, PLACE)) - set(pod_binds(machine(), PLACE))
    assert new == {
        Bind("/v/state/nvram", f"{PRIVATE}/libvirt/qemu/nvram"),
        Bind("/v/state/swtpm", f"{PRIVATE}/libvirt/lib/swtpm"),
    }


def test_a_claim_that_may_go_is_bound_alone() -> None:
    source = Claim(path="/srv/c/disk.img", capacity=1 << 20)
    spec = machine(disks=(Disk(name="late", index=1, source=source, hotplugged=True),))
    (found,) = [one for one in pod_binds(spec, PLACE) if one.source == source.path]
    assert found.target == "/var/run/kubevirt/hotplug-disks/late.img"
    assert "late" not in str(binds.inside_directories(spec))


def test_files_that_are_made_devices_are_shown_in_their_directories() -> None:
    claim = Claim(path="/c/disk.img", block=True, loop=True)
    assert of_disk(claim) == [Bind("/c", f"{PRIVATE}/vmi-disks/d")]
    assert binds.to_be_owned(machine(disks=(Disk(name="d", index=0, source=claim),))) == ()
