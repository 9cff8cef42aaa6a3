"""Small devices: none unless asked for, and one for one."""

import pytest

from launcher.domain import peripherals
from launcher.errors import SpecError
from launcher.spec import LaunchSecurity, Sound, Watchdog
from tests.fakes.machines import UID, inputs


@pytest.mark.parametrize(
    "family",
    [
        peripherals.rng, peripherals.watchdog, peripherals.tpm, peripherals.sound,
        peripherals.panic, peripherals.vsock, peripherals.usb_redirection,
    ],
)  # fmt: skip
def test_nothing_unless_asked(family) -> None:
    assert family(inputs()) == ()


def test_rng() -> None:
    (found,) = peripherals.rng(inputs(rng=True))
    assert found.find("backend").text == "/dev/urandom"
    (found,) = peripherals.rng(inputs(rng=True, launch_security=LaunchSecurity(kind="sev")))
    assert found.find("driver").get("iommu") == "on"


@pytest.mark.parametrize(("architecture", "model"), [("amd64", "i6300esb"), ("s390x", "diag288")])
def test_watchdog(architecture: str, model: str) -> None:
    asked = Watchdog(name="w", action="poweroff")
    (found,) = peripherals.watchdog(inputs(architecture=architecture, watchdog=asked))
    assert dict(found.attributes) == {"model": model, "action": "poweroff"}


def test_no_watchdog_on_arm() -> None:
    with pytest.raises(SpecError, match="ARM64"):
        peripherals.watchdog(inputs(architecture="arm64", watchdog=Watchdog(name="w")))


@pytest.mark.parametrize(
    ("asked", "model", "kept"), [("ephemeral", "tpm-tis", ""), ("persistent", "tpm-crb", "yes")]
)
def test_tpm(asked: str, model: str, kept: str) -> None:
    (found,) = peripherals.tpm(inputs(tpm=asked))
    assert found.get("model") == model
    assert found.find("backend").get("persistent_state") == kept


def test_sound() -> None:
    (found,) = peripherals.sound(inputs(sound=Sound(name="s", model="ac97")))
    assert (found.get("model"), found.find("alias").get("name")) == ("ac97", "ua-s")


def test_panic() -> None:
    found = peripherals.panic(inputs(panic_devices=("isa", "hyperv")))
    assert [each.get("model") for each in found] == ["isa", "hyperv"]


def test_vsock() -> None:
    (found,) = peripherals.vsock(inputs(vsock_cid=42))
    assert dict(found.find("cid").attributes) == {"auto": "no", "address": "42"}


def test_usb_redirection() -> None:
    found = peripherals.usb_redirection(inputs(usb_redirection=True))
    paths = [each.find("source").get("path") for each in found]
    assert paths == [f"/var/run/kubevirt-private/{UID}/virt-usbredir-{n}" for n in range(4)]


def test_an_unknown_sound_card() -> None:
    with pytest.raises(SpecError, match="invalid model: sb16"):
        peripherals.sound(inputs(sound=Sound(name="s", model="sb16")))
