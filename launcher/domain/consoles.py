"""Ways to talk with the guest beside its network: serial console and channels."""

from __future__ import annotations

from launcher.domain.element import Element, element
from launcher.domain.inputs import Inputs
from launcher.layout import INSIDE_METRICS_SOCKET, inside_private

GUEST_AGENT = "org.qemu.guest_agent.0"
_METRICS = "org.github.vhostmd.1"


def channels(inputs: Inputs) -> tuple[Element, ...]:
    """The guest agent's channel, whose socket libvirt makes; and the one for host metrics."""
    agent = element(
        "channel", {"type": "unix"}, element("target", {"name": GUEST_AGENT, "type": "virtio"})
    )
    if not inputs.spec.downward_metrics:
        return (agent,)
    metrics = element(
        "channel",
        {"type": "unix"},
        element("source", {"mode": "bind", "path": str(INSIDE_METRICS_SOCKET)}),
        element("target", {"name": _METRICS, "type": "virtio"}),
    )
    return (agent, metrics)


def console(inputs: Inputs) -> tuple[Element, ...]:
    """The serial console: a socket that one client at a time may use, and a log of all output."""
    if not inputs.spec.serial_console:
        return ()
    path = str(inside_private(inputs.spec.uid) / "virt-serial0")
    log = element("log", {"file": f"{path}-log", "append": "on"})
    serial = element(
        "serial",
        {"type": "unix"},
        element("target", {"port": 0}),
        element("source", {"mode": "bind", "path": path}),
        log if inputs.spec.serial_log else None,
    )
    target = element("target", {"type": "serial", "port": 0})
    return (serial, element("console", {"type": "pty"}, target))
