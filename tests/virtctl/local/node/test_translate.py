"""A whole instance to a machine."""

import pytest

from launcher.spec import (
    Accelerator,
    Chassis,
    Graphics,
    InputDevice,
    IoThreads,
    PciPlacement,
    Resolver,
    Smbios,
    Sound,
    Timer,
    Watchdog,
)
from tests.fakes.manifests import instance
from virtctl.errors import InvalidField
from virtctl.local.node.materials import TranslateFacts
from virtctl.local.node.translate import hostname, translate


def made(facts: TranslateFacts | None = None, **changes):
    return translate(instance(**changes), facts or TranslateFacts())


def test_identity() -> None:
    spec = made()
    assert (spec.namespace, spec.name, spec.hostname) == ("shop", "web", "web")
    assert spec.uid == "11111111-2222-4333-8444-5"
    assert spec.firmware.uuid == "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"


def test_facts_are_taken_over() -> None:
    resolver = Resolver(nameservers=("10.244.1.1",))
    spec = made(TranslateFacts(accelerator=Accelerator.TCG, resolver=resolver))
    assert (spec.accelerator, spec.resolver) == (Accelerator.TCG, resolver)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "web"),
        ({"spec__hostname": "db"}, "db"),
        ({"metadata__name": "a.b.c"}, "a"),
        ({"metadata__name": "n" * 80}, "n" * 63),
    ],
)
def test_hostname(changes: dict, expected: str) -> None:
    assert hostname(instance(**changes)) == expected


@pytest.mark.parametrize(
    ("architecture", "machine"), [("arm64", "virt"), ("s390x", "s390-ccw-virtio")]
)
def test_usual_machine_types(architecture: str, machine: str) -> None:
    spec = made(spec__architecture=architecture, spec__domain__machine={})
    assert spec.machine_type == machine


def test_unknown_architecture() -> None:
    with pytest.raises(InvalidField, match=r"spec\.architecture.*amd64, arm64, s390x"):
        made(spec__architecture="riscv64")


DEVICES = "spec__domain__devices"


@pytest.mark.parametrize(
    ("field", "value", "name", "expected"),
    [
        ("rng", {}, "rng", True),
        ("tpm", {}, "tpm", "ephemeral"),
        ("tpm", {"persistent": True}, "tpm", "persistent"),
        ("sound", {"name": "s"}, "sound", Sound(name="s")),
        ("watchdog", {"name": "w", "i6300esb": {}}, "watchdog", Watchdog(name="w")),
        ("inputs", [{"name": "t", "bus": "usb"}], "inputs", (InputDevice(name="t", bus="usb"),)),
        ("autoattachMemBalloon", False, "balloon", False),
        ("autoattachSerialConsole", False, "serial_console", False),
        ("autoattachGraphicsDevice", False, "graphics", Graphics(vnc=False)),
        ("video", {"type": "virtio"}, "graphics", Graphics(video="virtio")),
        ("logSerialConsole", False, "serial_log", False),
        ("clientPassthrough", {}, "usb_redirection", True),
        ("disableHotplug", True, "scsi_hotplug", False),
        ("panicDevices", [{"model": "isa"}], "panic_devices", ("isa",)),
        ("useVirtioTransitional", True, "virtio_transitional", True),
        ("blockMultiQueue", True, "block_multi_queue", True),
        ("downwardMetrics", {}, "downward_metrics", True),
    ],
)
def test_devices(field: str, value, name: str, expected) -> None:
    assert getattr(made(**{f"{DEVICES}__{field}": value}), name) == expected
    assert getattr(made(), name) != expected


def test_a_tpm_may_be_switched_off() -> None:
    assert made(**{f"{DEVICES}__tpm": {"enabled": False}}).tpm == ""


def test_vsock_needs_a_number() -> None:
    assert made(**{f"{DEVICES}__autoattachVSOCK": True}).vsock_cid is None
    assert made(**{f"{DEVICES}__autoattachVSOCK": True}, status__VSOCKCID=7).vsock_cid == 7


def test_io_threads() -> None:
    spec = made(
        spec__domain__ioThreadsPolicy="auto",
        spec__domain__resources={"requests": {"cpu": "3"}},
    )
    assert spec.io_threads == IoThreads(policy="auto", limit=6)


def test_annotations() -> None:
    notes = {
        "kubevirt.io/placePCIDevicesOnRootComplex": "true",
        "kubevirt.io/disablePCIHole64": "true",
        "kubevirt.io/pci-interface-slot-count": "8",
        "kubevirt.io/ignitiondata": '{"ignition": {}}',
        "kubevirt.io/instancetype-name": "u1",
        "kubevirt.io/free-page-reporting-disabled": "true",
    }
    spec = made(metadata__annotations=notes)
    assert spec.pci == PciPlacement(root_complex=True, hole64_disabled=True, slots=8)
    assert spec.ignition == '{"ignition": {}}'
    assert spec.instance_type == "u1"
    assert not spec.free_page_reporting


def test_slots_must_be_a_number() -> None:
    with pytest.raises(InvalidField, match="whole number"):
        made(metadata__annotations={"kubevirt.io/pci-interface-slot-count": "many"})


def test_slots_do_not_matter_without_ports() -> None:
    notes = {"kubevirt.io/pci-interface-slot-count": "many"}
    found = made(metadata__annotations=notes, spec__domain__machine={"type": "pc-i440fx-2.10"})
    assert found.pci.slots is None


def test_cluster_settings() -> None:
    config = {
        "smbios": {"manufacturer": "Acme"},
        "memBalloonStatsPeriod": 0,
        "virtualMachineOptions": {
            "disableSerialConsoleLog": {}, "disableFreePageReporting": {},
        },
        "developerConfiguration": {
            "featureGates": ["VGADisplayForEFIGuests", "PCINUMAAwareTopology"],
        },
    }  # fmt: skip
    spec = made(TranslateFacts(config=config))
    assert spec.smbios == Smbios(manufacturer="Acme", family="", product="")
    assert spec.balloon_stats_period == 0
    assert not spec.serial_log
    assert not spec.free_page_reporting
    assert not spec.bochs_for_efi
    assert spec.pci.numa_aware


def test_chassis() -> None:
    assert made(spec__domain__chassis={"asset": "7"}).chassis == Chassis(asset="7")


def test_life() -> None:
    spec = made(
        spec__startStrategy="Paused",
        spec__terminationGracePeriodSeconds=0,
        spec__domain__rebootPolicy="Terminate",
    )
    assert spec.start_paused
    assert spec.grace_period_seconds == 0
    assert spec.reboot_policy == "Terminate"


def test_no_clock() -> None:
    assert made().clock is None


def test_clock() -> None:
    timer = {"hpet": {"present": False}, "rtc": {"tickPolicy": "catchup"}, "kvm": {}}
    clock = made(spec__domain__clock={"utc": {"offsetSeconds": 5}, "timer": timer}).clock
    assert (clock.utc, clock.offset_seconds) == (True, 5)
    assert clock.timers == (
        Timer(name="rtc", tick_policy="catchup"),
        Timer(name="kvmclock"),
        Timer(name="hpet", present=False),
    )


def test_tsc_for_guests_that_trust_it() -> None:
    hint = {"tscFrequency": 2_000_000}
    features = [{"name": "invtsc", "policy": "require"}]
    assert made(status__topologyHints=hint).clock is None
    spec = made(status__topologyHints=hint, spec__domain__cpu={"features": features})
    assert spec.clock.timers == (Timer(name="tsc", frequency=2_000_000),)


def test_the_watchdog_of_its_architecture() -> None:
    both = {"name": "w", "i6300esb": {"action": "reset"}, "diag288": {"action": "poweroff"}}
    asked = {f"{DEVICES}__watchdog": both}
    assert made(**asked).watchdog == Watchdog(name="w", action="reset")
    assert made(spec__architecture="s390x", **asked).watchdog == Watchdog(
        name="w", action="poweroff"
    )


def test_a_watchdog_of_another_architecture() -> None:
    with pytest.raises(InvalidField, match="watchdog w can't be mapped"):
        made(**{f"{DEVICES}__watchdog": {"name": "w", "diag288": {}}})
