"""Disks, volumes, cloud-init, keys."""

import base64
from dataclasses import replace

import pytest

from launcher.spec import (
    BlockSize,
    Claim,
    ClaimInfo,
    CloudInit,
    ContainerDisk,
    DiskDevice,
    DownwardMetrics,
    EmptyDisk,
    EphemeralClaim,
    FilesDisk,
    HostDisk,
    NoMedium,
)
from tests.fakes.manifests import instance, with_disk
from virtctl.errors import InvalidField
from virtctl.local.node.materials import ClaimPlace, DiskImage, TranslateFacts
from virtctl.local.node.translate_disks import disks

FACTS = TranslateFacts(
    images={"v": DiskImage(path="/images/tiny", format="qcow2", virtual_size=9)},
    claims={
        "data": ClaimPlace(path="/claims/data/disk.img", capacity=5),
        "raw": ClaimPlace(path="/dev/x", block=True),
    },
    secrets={"s": {"k": b"1"}, "seed": {"userdata": b"#!"}, "net": {"networkData": b"n"}},
    config_maps={"c": {"k": b"2"}},
    files={"v": {"labels": b"3"}},
)  # fmt: skip
CLOUD = "#cloud-config\n"


def made(vmi, facts: TranslateFacts = FACTS):
    (found,) = disks(vmi, facts)
    return found


def test_none() -> None:
    assert disks(instance(), FACTS) == ()


@pytest.mark.parametrize(
    ("volume", "expected"),
    [
        (
            {"containerDisk": {"image": "tiny"}},
            ContainerDisk(image="/images/tiny", format="qcow2", virtual_size=9),
        ),
        (
            {"cloudInitNoCloud": {"userData": CLOUD, "networkData": "n"}},
            CloudInit(flavour="noCloud", user_data=CLOUD, network_data="n"),
        ),
        (
            {"cloudInitConfigDrive": {"userDataBase64": base64.b64encode(b"x").decode()}},
            CloudInit(flavour="configDrive", user_data="x"),
        ),
        (
            {
                "cloudInitNoCloud": {
                    "secretRef": {"name": "seed"}, "networkDataSecretRef": {"name": "net"},
                }
            },
            CloudInit(flavour="noCloud", user_data="#!", network_data="n"),
        ),
        ({"emptyDisk": {"capacity": "1500Ki"}}, EmptyDisk(capacity=1024 * 1024)),
        (
            {"hostDisk": {"path": "/srv/a.img", "type": "DiskOrCreate", "capacity": "1Mi"}},
            HostDisk(path="/srv/a.img", create=True, capacity=1024 * 1024),
        ),
        (
            {"persistentVolumeClaim": {"claimName": "data", "readOnly": True}},
            Claim(path="/claims/data/disk.img", capacity=5, read_only=True),
        ),
        ({"dataVolume": {"name": "raw"}}, Claim(path="/dev/x", block=True)),
        (
            {"ephemeral": {"persistentVolumeClaim": {"claimName": "data"}}},
            EphemeralClaim(path="/claims/data/disk.img"),
        ),
        ({"configMap": {"name": "c"}}, FilesDisk(kind="configMap", files={"k": b"2"})),
        (
            {"secret": {"secretName": "s", "volumeLabel": "mine"}},
            FilesDisk(kind="secret", files={"k": b"1"}, label="mine"),
        ),
        (
            {"configMap": {"name": "gone", "optional": True}},
            FilesDisk(kind="configMap", files={}),
        ),
        (
            {"sysprep": {"configMap": {"name": "c"}}},
            FilesDisk(kind="sysprep", files={"k": b"2"}, label="unattendCD"),
        ),
        (
            {"sysprep": {"secret": {"name": "s"}}},
            FilesDisk(kind="sysprep", files={"k": b"1"}, label="unattendCD"),
        ),
        ({"downwardAPI": {}}, FilesDisk(kind="downwardAPI", files={"labels": b"3"})),
        ({"serviceAccount": {}}, FilesDisk(kind="serviceAccount", files={"labels": b"3"})),
        ({"downwardMetrics": {}}, DownwardMetrics()),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)  # fmt: skip
def test_sources(volume: dict, expected) -> None:
    assert made(with_disk(volume)).source == expected


@pytest.mark.parametrize(
    ("volume", "problem"),
    [
        ({"containerDisk": {"image": "other"}}, "not been resolved"),
        ({"persistentVolumeClaim": {"claimName": "gone"}}, "not bound"),
        ({"secret": {"secretName": "gone"}}, "no secret"),
        ({"configMap": {"name": "gone"}}, "no configMap"),
        ({"cloudInitNoCloud": {}}, "userData and networkData"),
        ({"cloudInitNoCloud": {"userDataBase64": "%"}}, "base64"),
        ({"cloudInitNoCloud": {"secretRef": {"name": "gone"}}}, "no secret"),
        ({"cloudInitNoCloud": {"secretRef": {"name": "s"}}}, "no key `userdata`"),
        (
            {"cloudInitNoCloud": {"networkDataSecretRef": {"name": "s"}}},
            "no key `networkdata`",
        ),
        ({"memoryDump": {"claimName": "x"}}, "not implemented"),
    ],
)
def test_refusals_name_the_field(volume: dict, problem: str) -> None:
    facts = TranslateFacts(secrets=FACTS.secrets)
    with pytest.raises(InvalidField, match=rf"spec\.volumes\[0\]\.\w+.*{problem}"):
        made(with_disk(volume), facts)


@pytest.mark.parametrize(
    ("image", "problem"),
    [
        (DiskImage(path="/i", format="vmdk"), "unsupported image format: vmdk"),
        (DiskImage(path="/i", format="raw", backing_file="/etc/passwd"), "expected no backing"),
    ],
)
def test_images_that_a_guest_must_not_have(image: DiskImage, problem: str) -> None:
    with pytest.raises(InvalidField, match=problem):
        made(with_disk({"containerDisk": {"image": "x"}}), TranslateFacts(images={"v": image}))


def test_a_disk_without_a_volume() -> None:
    vmi = with_disk({"emptyDisk": {"capacity": "1Mi"}}, {"disk": {}})
    vmi["spec"]["volumes"] = []
    with pytest.raises(InvalidField, match=r"disks\[0\]\.name.*name v found"):
        made(vmi)


def test_an_empty_cdrom() -> None:
    vmi = with_disk({}, {"cdrom": {"bus": "sata", "tray": "open"}})
    vmi["spec"]["volumes"] = []
    found = made(vmi)
    assert found.source == NoMedium()
    assert (found.device, found.readonly, found.tray) == (DiskDevice.CDROM, True, "open")
    del vmi["spec"]["domain"]["devices"]["disks"][0]["cdrom"]["tray"]
    assert not made(vmi).tray


EMPTY = {"emptyDisk": {"capacity": "1Mi"}}


def test_options() -> None:
    found = made(
        with_disk(
            EMPTY,
            {
                "lun": {"bus": "scsi", "reservation": True, "readonly": True},
                "serial": "s", "bootOrder": 1, "cache": "none", "io": "native",
                "errorPolicy": "report", "shareable": True, "dedicatedIOThread": True,
                "blockSize": {"custom": {"logical": 512, "physical": 4096}},
            },
        )
    )  # fmt: skip
    assert (found.device, found.bus) == (DiskDevice.LUN, "scsi")
    assert (found.serial, found.boot_order, found.cache, found.io) == ("s", 1, "none", "native")
    assert (found.error_policy, found.shareable, found.readonly) == ("report", False, True)
    assert found.dedicated_io_thread
    assert found.reservation
    assert found.block_size == BlockSize(logical=512, physical=4096)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (
            {"custom": {"logical": 512, "physical": 4096, "discardGranularity": 0}},
            BlockSize(logical=512, physical=4096, discard=0),
        ),
        ({"matchVolume": {}}, BlockSize(match=True)),
        ({"matchVolume": {"enabled": False}}, None),
    ],
)
def test_block_size(asked: dict, expected: BlockSize | None) -> None:
    assert made(with_disk(EMPTY, {"disk": {}, "blockSize": asked})).block_size == expected


def status(**fields) -> dict:
    return {"status__volumeStatus": [{"name": "seed"}, {"name": "v", **fields}]}


CLAIM = {"persistentVolumeClaim": {"claimName": "data"}}


def test_recorded_target_and_preallocation() -> None:
    info = {"preallocated": True, "capacity": {"storage": "2"}, "filesystemOverhead": "0.055"}
    found = made(with_disk(CLAIM, **status(target="vdx", persistentVolumeClaimInfo=info)))
    assert found.target == "vdx"
    assert not found.discard
    assert (found.source.capacity, found.source.overhead) == (2, "0.055")
    assert found.claim == ClaimInfo(overhead="0.055")
    info["requests"] = {"storage": "1"}
    found = made(with_disk(CLAIM, **status(persistentVolumeClaimInfo=info)))
    assert found.claim == ClaimInfo(size=1, overhead="0.055")


@pytest.mark.parametrize(
    ("phase", "pending"), [("AttachedToNode", True), ("Ready", False), ("MountedToPod", False)]
)
def test_hotplugged(phase: str, pending: bool) -> None:
    found = made(with_disk(CLAIM, **status(hotplugVolume={}, phase=phase)))
    assert (found.hotplugged, found.pending) == (True, pending)
    assert isinstance(found.source, NoMedium) is pending


def test_changed_block_tracking() -> None:
    vmi = with_disk(CLAIM, status__changedBlockTracking={"state": "Enabled"})
    assert made(vmi).changed_block_tracking.endswith("/cbt/v.qcow2")
    vmi["status"].pop("runtimeUser", None)
    assert made(vmi).changed_block_tracking == "/var/lib/libvirt/qemu/cbt/v.qcow2"


def test_a_volume_that_nobody_has_seen_is_waited_for() -> None:
    vmi = with_disk(CLAIM, status__volumeStatus=[{"name": "seed"}])
    assert made(vmi).pending
    assert not made(with_disk(CLAIM)).pending


@pytest.mark.parametrize(("kind", "shared"), [("disk", True), ("lun", False), ("cdrom", False)])
def test_only_whole_disks_are_shared(kind: str, *, shared: bool) -> None:
    found = made(with_disk(EMPTY, {kind: {"bus": "sata"}, "shareable": True}))
    assert found.shareable is shared


def test_a_claim_that_is_plugged_in_is_no_host_disk() -> None:
    info = {"capacity": {"storage": "1Gi"}}
    node = replace(FACTS, host_disks_replaced=True)
    (fixed,) = disks(with_disk(CLAIM, **status(persistentVolumeClaimInfo=info)), node)
    plugged = status(hotplugVolume={}, phase="Ready", persistentVolumeClaimInfo=info)
    (later,) = disks(with_disk(CLAIM, **plugged), node)
    assert (fixed.source.as_host_disk, later.source.as_host_disk) == (True, False)
