"""Small devices with no family of their own: rng, watchdog, TPM, sound, panic, vsock, USB."""

from __future__ import annotations

from launcher.domain.element import Element, element, switch
from launcher.domain.inputs import Inputs
from launcher.errors import SpecError
from launcher.layout import USB_CHANNELS, inside_private

_SOUND_CARDS = ("ich9", "ac97")


def rng(inputs: Inputs) -> tuple[Element, ...]:
    """A source of randomness."""
    if not inputs.spec.rng:
        return ()
    return (
        element(
            "rng",
            {"model": inputs.virtio_model},
            element("backend", {"model": "random"}, text="/dev/urandom"),
            switch("driver", "iommu", state=True) if inputs.shielded else None,
        ),
    )


def watchdog(inputs: Inputs) -> tuple[Element, ...]:
    """A watchdog timer. Raises ``SpecError`` on arm64, which has none."""
    asked = inputs.spec.watchdog
    if asked is None:
        return ()
    if inputs.arm:
        raise SpecError(
            "domain.devices.watchdog", "watchdog is not supported on architecture ARM64"
        )
    model = "diag288" if inputs.s390 else "i6300esb"
    alias = element("alias", {"name": f"ua-{asked.name}"})
    return (element("watchdog", {"model": model, "action": asked.action or "reset"}, alias),)


def tpm(inputs: Inputs) -> tuple[Element, ...]:
    """An emulated TPM 2.0, with a memory of its own when persistent."""
    if not inputs.spec.tpm:
        return ()
    lasting = inputs.spec.tpm == "persistent"
    backend = {
        "type": "emulator",
        "version": "2.0",
        "persistent_state": "yes" if lasting else None,
    }
    model = "tpm-crb" if lasting else "tpm-tis"
    return (element("tpm", {"model": model}, element("backend", backend)),)


def sound(inputs: Inputs) -> tuple[Element, ...]:
    """A sound card. Raises ``SpecError`` for one that is unknown."""
    asked = inputs.spec.sound
    if asked is None:
        return ()
    model = asked.model or "ich9"
    if model not in _SOUND_CARDS:
        raise SpecError("domain.devices.sound.model", f"invalid model: {model}")
    alias = element("alias", {"name": f"ua-{asked.name}"})
    return (element("sound", {"model": model}, alias),)


def panic(inputs: Inputs) -> tuple[Element, ...]:
    """Devices by which a guest tells that its kernel has crashed."""
    return tuple(element("panic", {"model": model or None}) for model in inputs.spec.panic_devices)


def vsock(inputs: Inputs) -> tuple[Element, ...]:
    """A socket between guest and host without a network."""
    cid = inputs.spec.vsock_cid
    if cid is None:
        return ()
    address = element("cid", {"auto": "no", "address": cid})
    # The kernel's side speaks the current virtio only, whatever other devices are told to.
    return (element("vsock", {"model": "virtio-non-transitional"}, address),)


def usb_redirection(inputs: Inputs) -> tuple[Element, ...]:
    """Sockets by which clients plug in USB devices of theirs."""
    if not inputs.spec.usb_redirection:
        return ()
    at = inside_private(inputs.spec.uid)
    return tuple(
        element(
            "redirdev",
            {"type": "unix", "bus": "usb"},
            element("source", {"mode": "bind", "path": f"{at}/virt-usbredir-{number}"}),
        )
        for number in range(USB_CHANNELS)
    )
