"""Disks."""

import pytest

from launcher.domain import disks
from launcher.domain.element import render
from launcher.errors import SpecError
from launcher.spec import (
    BlockSize,
    Claim,
    ClaimInfo,
    CloudInit,
    ContainerDisk,
    Cpu,
    DiskDevice,
    DownwardMetrics,
    EmptyDisk,
    EphemeralClaim,
    FilesDisk,
    HostDisk,
    IoThreads,
    LaunchSecurity,
    NoMedium,
    Topology,
)  # fmt: skip
from tests.fakes.machines import MIB, disk, inputs


def made(*listed, **changes):
    return disks.disks(inputs(disks=listed, **changes))


def test_none() -> None:
    assert made() == ()


def test_an_image_under_an_overlay() -> None:
    (found,) = made(disk(boot_order=1))
    assert render(found) == (
        '<disk device="disk" type="file" model="virtio-non-transitional">\n'
        '  <source file="/var/run/kubevirt-ephemeral-disks/disk-data/root/disk.qcow2"></source>\n'
        '  <target bus="virtio" dev="vda"></target>\n'
        '  <driver error_policy="stop" name="qemu" type="qcow2" discard="unmap"></driver>\n'
        '  <alias name="ua-root"></alias>\n'
        '  <backingStore type="file">\n'
        '    <format type="qcow2"></format>\n'
        '    <source file="/var/run/kubevirt/container-disks/disk_0.img"></source>\n'
        "  </backingStore>\n"
        '  <boot order="1"></boot>\n'
        "</disk>\n"
    )


PRIVATE = "/var/run/kubevirt-private"
SEEDS = "/var/run/kubevirt-ephemeral-disks/cloud-init-data/shop/web"


@pytest.mark.parametrize(
    ("source", "storage", "path", "form"),
    [
        (CloudInit(flavour="noCloud"), "file", f"{SEEDS}/noCloud.iso", "raw"),
        (CloudInit(flavour="configDrive"), "file", f"{SEEDS}/configdrive.iso", "raw"),
        (EmptyDisk(capacity=1), "file", "/var/run/libvirt/empty-disks/d.qcow2", "qcow2"),
        (HostDisk(path="/srv/a.img"), "file", f"{PRIVATE}/vmi-disks/d/a.img", "raw"),
        (Claim(path="/c/disk.img"), "file", f"{PRIVATE}/vmi-disks/d/disk.img", "raw"),
        (Claim(path="/dev/x", block=True), "block", "/dev/d", "raw"),
        (
            EphemeralClaim(path="/c/disk.img"),
            "file",
            "/var/run/kubevirt-ephemeral-disks/disk-data/d/disk.qcow2",
            "qcow2",
        ),
        (FilesDisk(kind="secret", files={}), "file", f"{PRIVATE}/secret-disks/d.iso", "raw"),
        (NoMedium(), "block", "", "raw"),
    ],
    ids=lambda value: type(value).__name__ if hasattr(value, "__struct_fields__") else None,
)
def test_sources(source, storage: str, path: str, form: str) -> None:
    (found,) = made(disk("d", source))
    place = found.find("source")
    assert found.get("type") == storage
    assert place.get("file") + place.get("dev") == path
    assert found.find("driver").get("type") == form


def test_a_claim_that_came_later() -> None:
    (file, block) = made(
        disk("f", Claim(path="/c"), hotplugged=True),
        disk("b", Claim(path="/c", block=True), hotplugged=True),
    )
    assert file.find("source").get("file") == "/var/run/kubevirt/hotplug-disks/f.img"
    assert dict(block.find("source").attributes) == {"dev": "/var/run/kubevirt/hotplug-disks/b"}


def test_claim_facts_are_kept() -> None:
    known = ClaimInfo(size=7, overhead="0.055")
    (found,) = made(disk("d", Claim(path="/c"), claim=known))
    assert found.find("filesystemOverhead").text == "0.055"
    assert found.find("capacity").text == "7"
    (found,) = made(disk("d", Claim(path="/c"), claim=ClaimInfo()))
    assert found.find("capacity") is None
    (drive,) = made(disk("d", Claim(path="/c"), claim=known, device=DiskDevice.CDROM))
    assert drive.find("capacity") is None


@pytest.mark.parametrize(
    ("source", "ignored", "discard"),
    [
        (Claim(path="/c"), False, "unmap"),
        (Claim(path="/c"), True, ""),
        (Claim(path="/c", as_host_disk=True), False, ""),
        (ContainerDisk(image="/i", format="raw"), True, "unmap"),
        (NoMedium(), False, "unmap"),
    ],
)
def test_what_is_discarded_from_a_drive(source, ignored, discard) -> None:
    (drive,) = made(disk("d", source, device=DiskDevice.CDROM, discard=not ignored))
    assert drive.find("driver").get("discard") == discard


def test_overlays_are_always_discarded_from() -> None:
    (found,) = made(disk("d", EmptyDisk(capacity=MIB), discard=False))
    assert found.find("driver").get("discard") == "unmap"


def test_large_blocks_of_s390x() -> None:
    large = BlockSize(logical=8192, physical=8192)
    with pytest.raises(SpecError, match=r"exceeds the maximum supported size of 4096"):
        made(disk(block_size=large), architecture="s390x")
    assert made(disk(block_size=large))[0].find("blockio").get("logical_block_size") == "8192"


def test_no_discard_granularity_is_one_too() -> None:
    (found,) = made(disk(block_size=BlockSize(logical=512, physical=512, discard=0)))
    assert found.find("blockio").get("discard_granularity") == "0"


def test_names_count_by_prefix() -> None:
    listed = (disk("a"), disk("b", bus="sata"), disk("c"), disk("d", bus="scsi"))
    assert disks.target_names(listed) == {"a": "vda", "b": "sda", "c": "vdb", "d": "sdb"}


def test_recorded_names_are_kept() -> None:
    listed = (disk("new"), disk("old", target="vda"), disk("other"))
    assert disks.target_names(listed) == {"new": "vdb", "old": "vda", "other": "vdc"}


def test_a_recorded_name_counts_for_its_own_kind_of_bus() -> None:
    listed = (disk("root"), disk("late", bus="scsi", target="vda"), disk("c", bus="sata"))
    assert disks.target_names(listed) == {"root": "vda", "late": "vda", "c": "sda"}
    (_, late, _) = made(*listed)
    assert late.find("address").get("unit") == "0"


def test_a_disk_that_is_there_twice_has_one_name() -> None:
    assert disks.target_names((disk("a"), disk("a"), disk("b"))) == {"a": "vda", "b": "vdb"}


def test_many_names() -> None:
    listed = tuple(disk(str(number)) for number in range(28))
    names = disks.target_names(listed)
    assert [names["25"], names["26"], names["27"]] == ["vdz", "vdaa", "vdab"]
    assert [disks.target_index(names[str(n)]) for n in (0, 25, 26, 27)] == [0, 25, 26, 27]


def test_pending_disks_keep_their_names_only() -> None:
    (found,) = made(disk("late", NoMedium(), pending=True), disk("root"))
    assert found.find("target").get("dev") == "vdb"


def test_cdrom() -> None:
    seed = CloudInit(flavour="noCloud")
    (found,) = made(
        disk("cd", seed, device=DiskDevice.CDROM, bus="sata", readonly=True, serial="x")
    )
    assert found.get("model") == ""
    assert found.find("target").get("tray") == "closed"
    (bare,) = made(disk("cd", NoMedium(), device=DiskDevice.CDROM, bus="sata", tray=""))
    assert not bare.find("target").get("tray")
    assert found.find("readonly") is not None
    assert found.find("serial") is None
    assert found.find("driver").get("discard") == ""


def test_scsi_disks_have_a_unit() -> None:
    _, found = made(disk("a", bus="scsi"), disk("b", bus="scsi", device=DiskDevice.LUN))
    assert found.find("address").get("unit") == "1"
    assert found.get("device") == "lun"


def test_options() -> None:
    (found,) = made(
        disk(
            serial="s1", cache="none", io="threads", error_policy="report",
            shareable=True, discard=False, pci_address="0000:07:00.0", reservation=True,
            block_size=BlockSize(logical=512, physical=4096),
        )
    )  # fmt: skip
    assert dict(found.find("driver").attributes) == {
        "cache": "none", "discard": "unmap", "error_policy": "report", "io": "threads",
        "name": "qemu", "type": "qcow2",
    }  # fmt: skip
    assert found.find("serial").text == "s1"
    assert found.find("shareable") is not None
    assert found.find("address").get("bus") == "0x07"
    assert found.find("blockio").get("physical_block_size") == "4096"


def test_shared_disks_bypass_the_cache() -> None:
    (found,) = made(disk(shareable=True))
    assert found.find("driver").get("cache") == "none"
    with pytest.raises(SpecError, match="a sharable disk requires cache = none got: writeback"):
        made(disk(shareable=True, cache="writeback"))


def test_reservations() -> None:
    (found,) = made(
        disk("l", Claim(path="/c", block=True), device=DiskDevice.LUN, reservation=True)
    )
    assert found.find("source", "reservations", "source").get("mode") == "client"


def test_queues_and_threads() -> None:
    (found,) = made(
        disk(), block_multi_queue=True, cpu=Cpu(topology=Topology(cores=4)),
        io_threads=IoThreads(policy="shared"),
    )  # fmt: skip
    assert found.find("driver").get("queues") == "4"
    assert found.find("driver").get("iothread") == "1"


def test_pool() -> None:
    (found,) = made(disk(), io_threads=IoThreads(policy="supplementalPool", pool=2))
    assert len(found.find("driver", "iothreads").children) == 2


def test_changed_blocks_are_tracked_in_an_overlay() -> None:
    (found,) = made(disk("d", Claim(path="/c"), changed_block_tracking="/t/d.qcow2"))
    assert found.find("source").get("file") == "/t/d.qcow2"
    assert found.find("source", "dataStore", "source").get("file").endswith("disk.img")
    assert found.find("driver").get("type") == "qcow2"


def test_metrics_disk() -> None:
    (found,) = made(disk("m", DownwardMetrics(), readonly=True))
    plain = {"error_policy": "stop", "name": "qemu", "type": "raw"}
    assert dict(found.find("driver").attributes) == plain
    (found,) = made(disk("m", DownwardMetrics(), bus="sata"))
    assert found.get("model") == "virtio-non-transitional"


def test_hidden_memory_needs_an_iommu() -> None:
    (found,) = made(disk(), launch_security=LaunchSecurity(kind="sev"))
    assert found.find("driver").get("iommu") == "on"


LUN = {"device": DiskDevice.LUN, "bus": "scsi", "reservation": True}


@pytest.mark.parametrize(
    ("source", "changes"),
    [
        (Claim(path="/c"), {}),
        (Claim(path="/dev/c", block=True), {"changed_block_tracking": "/cbt/root.qcow2"}),
        (EphemeralClaim(path="/c"), {}),
        (EphemeralClaim(path="/dev/c", block=True), {}),
        (None, {}),
    ],
)
def test_reservations_whatever_the_medium(source, changes: dict) -> None:
    (found,) = made(disk(source=source, **LUN, **changes))
    kept = found.find("source", "reservations", "source")
    assert kept.get("path") == "/var/run/kubevirt/daemons/pr/pr-helper.sock"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"bus": "sata", "pci_address": "0000:03:00.0"}, "not allowed for non-virtio bus types"),
        ({"error_policy": "hope"}, "error policy hope not recognized"),
        ({"error_policy": "hope", "pending": True}, "error policy hope not recognized"),
        ({"pci_address": "somewhere", "pending": True}, "is not of the form"),
    ],
)
def test_options_that_there_are_not(changes: dict, said: str) -> None:
    with pytest.raises(SpecError, match=said):
        made(disk(**changes))
