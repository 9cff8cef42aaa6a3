"""Files behind disks, as ops."""

import pytest

from launcher.errors import SpecError
from launcher.ops.files import MakeDirectory, WriteFile
from launcher.ops.images import GrowRaw, MakeIso, MakeOverlay, MakeQcow2, MakeSparse
from launcher.spec import (
    AcpiTable,
    Claim,
    CloudInit,
    DownwardMetrics,
    Efi,
    EmptyDisk,
    EphemeralClaim,
    FilesDisk,
    Firmware,
    HostDisk,
    NoMedium,
    SharedDirectory,
)
from launcher.storage.provision import disk_plan
from tests.fakes.machines import MIB, disk, machine

PRIVATE = "/var/run/kubevirt-private"
OVERLAY = "/var/run/kubevirt-ephemeral-disks/disk-data/root"


def plan(*disks, **changes):
    return disk_plan(machine(disks=disks, **changes))


@pytest.mark.parametrize(
    "source",
    [
        CloudInit(flavour="noCloud", user_data="x"),
        NoMedium(),
        HostDisk(path="/srv/there.img"),
        Claim(path="/dev/x", block=True, capacity=MIB),
        Claim(path="/c/disk.img", read_only=True, capacity=MIB),
        Claim(path="/c/disk.img"),
    ],
    ids=lambda source: type(source).__name__,
)
def test_nothing_to_make(source) -> None:
    assert plan(disk("root", source)) == ()


def test_overlay_on_an_image() -> None:
    assert plan(disk()) == (
        MakeDirectory(path=OVERLAY),
        MakeOverlay(
            path=f"{OVERLAY}/disk.qcow2",
            backing="/var/run/kubevirt/container-disks/disk_0.img",
            backing_format="qcow2",
        ),
    )


@pytest.mark.parametrize(
    ("block", "backing"), [(False, f"{PRIVATE}/vmi-disks/root/disk.img"), (True, "/dev/root")]
)
def test_overlay_on_a_claim(block: bool, backing: str) -> None:
    _, made = plan(disk("root", EphemeralClaim(path="/c", block=block)))
    assert (made.backing, made.backing_format) == (backing, "raw")


def test_empty_disk_is_whole_mebibytes() -> None:
    _, made = plan(disk("e", EmptyDisk(capacity=3 * MIB + 7)))
    assert made == MakeQcow2(path="/var/run/libvirt/empty-disks/e.qcow2", size=3 * MIB)


def test_host_disk() -> None:
    source = HostDisk(path="/srv/a.img", create=True, capacity=5 * MIB + 1)
    assert plan(disk("h", source)) == (
        MakeSparse(path=f"{PRIVATE}/vmi-disks/h/a.img", size=5 * MIB),
    )


def test_host_disk_without_a_size() -> None:
    with pytest.raises(SpecError, match="less than 1Mi"):
        plan(disk("h", HostDisk(path="/srv/a.img", create=True)))


def test_a_claim_is_filled_but_for_the_overhead() -> None:
    made = plan(disk("c", Claim(path="/c/disk.img", capacity=100 * MIB, overhead="0.055")))
    place = {"path": f"{PRIVATE}/vmi-disks/c/disk.img", "size": 94 * MIB}
    assert made == (MakeSparse(**place), GrowRaw(**place))


def test_a_claim_that_may_go_has_the_place_of_one_that_came_later() -> None:
    claim = Claim(path="/c/disk.img", capacity=2 * MIB)
    made, _ = plan(disk("c", claim, hotplugged=True))
    assert made == MakeSparse(path="/var/run/kubevirt/hotplug-disks/c.img", size=2 * MIB)


def test_files() -> None:
    _, made = plan(disk("f", FilesDisk(kind="configMap", files={"a": b"1"}, label="x")))
    assert made == MakeIso(path=f"{PRIVATE}/config-map-disks/f.iso", label="x", files={"a": b"1"})


def test_service_account_has_a_place_of_its_own() -> None:
    _, made = plan(disk("f", FilesDisk(kind="serviceAccount", files={})))
    assert made.path == f"{PRIVATE}/service-account-disk/service-account.iso"


def test_sysprep_needs_an_answer_file() -> None:
    assert plan(disk("s", FilesDisk(kind="sysprep", files={"Unattend.xml": b""})))
    with pytest.raises(SpecError, match=r"autounattend\.xml"):
        plan(disk("s", FilesDisk(kind="sysprep", files={"other.xml": b""})))


def test_firmware() -> None:
    table = AcpiTable(kind="msdm", volume="oem", content=b"key")
    given = Firmware(uuid="u", bootloader=Efi(), acpi_tables=(table,))
    assert plan(firmware=given) == (
        MakeDirectory(path=f"{PRIVATE}/libvirt/qemu/nvram"),
        WriteFile(path=f"{PRIVATE}/secret/oem/msdm.bin", content=b"key"),
    )


def test_what_cannot_be_made_is_refused() -> None:
    with pytest.raises(SpecError, match="is the host's"):
        plan(shared_directories=(SharedDirectory(name="a", path="/etc", of_pod=True),))
    with pytest.raises(SpecError, match="at least 1Mi"):
        plan(disk("e", EmptyDisk(capacity=MIB - 1)))


def test_the_disk_of_metrics_is_there_before_there_are_any() -> None:
    _, made = plan(disk("m", DownwardMetrics()))
    assert made.path == f"{PRIVATE}/downwardapi-disks/vhostmd0"
    assert made.content == bytes(256 * 1024)
