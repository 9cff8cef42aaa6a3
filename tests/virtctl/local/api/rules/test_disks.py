"""Rules of disks."""

import pytest

from tests.fakes.rules import fields, gates, said, with_devices
from virtctl.local.api.context import AdmissionContext
from virtctl.local.api.rules import disks

PATH = "spec.domain.devices.disks[0]"
IMAGE = {"name": "a", "containerDisk": {"image": "tiny"}}


def disk(bus="virtio", **parts):
    return {"name": "a", "disk": {"bus": bus}, **parts}


def sizes(logical, physical):
    return {"custom": {"logical": logical, "physical": physical}}


@pytest.mark.parametrize(
    "item",
    [
        disk(),
        disk("sata", blockSize=sizes(512, 4096)),
        disk(serial="SN.1+2", cache="none", io="native", errorPolicy="stop"),
        disk(dedicatedIOThread=True, blockSize={"matchVolume": {}}),
        {"name": "a", "cdrom": {"bus": "sata"}},
        {"name": "a", "disk": {"bus": "virtio", "pciAddress": "0000:81:01.0"}},
        {"name": "a"},
    ],
)
def test_good_disks(item):
    assert said(disks.disk_causes(with_devices(disks=[item]), "spec")) == []


@pytest.mark.parametrize(
    ("item", "field", "message"),
    [
        (disk("ide"), f"{PATH}.disk.bus", "IDE bus is not supported"),
        (disk("nvme"), f"{PATH}.disk.bus", "unrecognized bus nvme"),
        ({"name": "a", "cdrom": {"bus": "virtio"}}, f"{PATH}.cdrom.bus", "invalid for CD-ROM"),
        ({"name": "a", "disk": {"bus": "sata", "readonly": True}}, f"{PATH}.disk.bus", "read-only"),
        ({"name": "a", "disk": {}, "lun": {}}, PATH, "single target"),
        (disk(serial="a b"), f"{PATH}.serial", "must be made up of"),
        (disk(serial="a" * 257), f"{PATH}.serial", "less than or equal to 256"),
        (disk(cache="unsafe"), f"{PATH}.cache", "invalid value unsafe"),
        (disk(errorPolicy="panic"), f"{PATH}.errorPolicy", "panic"),
        (disk(blockSize=sizes(4096, 512)), f"{PATH}.blockSize.custom.logical", "4096"),
        (
            disk(blockSize=sizes(256, 512)),
            f"{PATH}.blockSize.custom.logical",
            "minimum size of 512",
        ),
        (disk(blockSize=sizes(512, 4194304)), f"{PATH}.blockSize.custom.physical", "maximum size"),
        (
            disk(blockSize={"custom": {"logical": 512, "physical": 512, "discardGranularity": 7}}),
            f"{PATH}.blockSize.custom.discardGranularity",
            "multiples of logical size 512",
        ),
        (disk("sata", blockSize=sizes(1024, 1024)), f"{PATH}.blockSize.custom.logical", "SATA"),
        (disk(blockSize={**sizes(512, 512), "matchVolume": {}}), f"{PATH}.blockSize", "matching"),
    ],
)
def test_bad_disks(item, field, message):
    ((where, text),) = said(disks.disk_causes(with_devices(disks=[item]), "spec"))
    assert where == field
    assert message in text


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ({"name": "Disk_1", "disk": {}}, "RFC 1123 label"),
        (disk(io="fast"), "Supported modes are: native, threads."),
        ({"name": "a", "disk": {"bus": "sata", "pciAddress": "0000:81:01.0"}}, "bus type virtio"),
        ({"name": "a", "disk": {"bus": "virtio", "pciAddress": "x"}}, "malformed PCI address"),
        (disk("sata", dedicatedIOThread=True), "not supported for disks on a sata bus"),
    ],
)
def test_bad_disks_with_a_doubled_path(item, message):
    ((where, text),) = said(disks.disk_causes(with_devices(disks=[item]), "spec"))
    assert where.startswith("spec.domain.devices.disks.domain.devices.disks")
    assert message in text


def test_names_are_unique():
    ((field, message),) = said(disks.disk_causes(with_devices(disks=[disk(), disk()]), "spec"))
    assert field == "spec.domain.devices.disks[1].name"
    assert message.endswith("must not have the same Name.")


def test_boot_orders():
    document = with_devices(
        disks=[disk(bootOrder=1), disk(bootOrder=0)],
        interfaces=[{"name": "n", "bootOrder": 1}, {"name": "m", "bootOrder": 2}],
        volumes=[IMAGE],
    )
    taken = ["spec.domain.devices.interfaces[0].bootOrder"]
    assert fields(disks.pairing_causes(document, "spec", gates())) == taken
    assert "spec.domain.devices.disks[1].bootOrder" in fields(disks.disk_causes(document, "spec"))


def test_disks_have_suitable_volumes():
    assert not list(
        disks.pairing_causes(with_devices(disks=[disk()], volumes=[IMAGE]), "spec", gates())
    )
    lun = with_devices(disks=[{"name": "a", "lun": {}}], volumes=[IMAGE])
    assert fields(disks.pairing_causes(lun, "spec", gates())) == [f"{PATH}.lun"]
    missing = with_devices(disks=[disk()])
    assert said(disks.pairing_causes(missing, "spec", gates())) == [
        (f"{PATH}.name", f"{PATH}.Name 'a' not found.")
    ]


def test_an_empty_cdrom_needs_a_gate():
    document = with_devices(disks=[{"name": "a", "cdrom": {}}])
    assert not list(disks.pairing_causes(document, "spec", gates()))
    off = {"disabledFeatureGates": ["DeclarativeHotplugVolumes"]}
    without = AdmissionContext(configuration={"developerConfiguration": off})
    assert list(disks.pairing_causes(document, "spec", without))


def test_reservations_need_a_gate():
    claim = {"name": "a", "persistentVolumeClaim": {"claimName": "c"}}
    document = with_devices(disks=[{"name": "a", "lun": {"reservation": True}}], volumes=[claim])
    assert list(disks.reservation_causes(document, "spec", gates()))
    assert not list(disks.reservation_causes(document, "spec", gates("PersistentReservation")))
    said_so = gates(persistentReservationConfiguration={"enabled": True})
    assert not list(disks.reservation_causes(document, "spec", said_so))


@pytest.mark.parametrize(
    ("target", "field"),
    [
        ({"disk": {"bus": "virtio"}}, None),
        ({"disk": {"bus": "sata"}}, f"{PATH}.disk.bus"),
        ({"cdrom": {"bus": "sata"}}, f"{PATH}.disk"),
    ],
)
def test_metrics_are_on_a_virtio_disk(target, field):
    document = with_devices(
        disks=[{"name": "m", **target}], volumes=[{"name": "m", "downwardMetrics": {}}]
    )
    found = fields(disks.pairing_causes(document, "spec", gates()))
    assert found == ([field] if field else [])
