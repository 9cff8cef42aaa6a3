"""What must stand before anything runs: the nodes' networks, and what is known of the host."""

from __future__ import annotations

import logging
import platform
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from launcher import hostnet, lifecycle
from launcher.errors import LauncherError
from launcher.facts import HostFacts
from launcher.hostnet import HostNetwork
from virtctl.errors import LocalError
from virtctl.local.config import LocalConfig
from virtctl.local.layout import InstanceLayout
from virtctl.local.node.networks import network_of

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Foundation:
    """The networks that were made, and the host: facts, kernel and system by name."""

    network: HostNetwork
    facts: HostFacts
    kernel: str
    system: str


def lay(layout: InstanceLayout, config: LocalConfig) -> Foundation:
    """Make the nodes' networks and look at the host, both at once. Raises ``LocalError``."""
    with ThreadPoolExecutor(1) as other:
        facts = other.submit(lifecycle.observe_facts)
        try:
            network = network_of(layout, config, hostnet.observe_uplink())
            hostnet.up(network)
        except LauncherError as error:
            raise LocalError(str(error), error.hint) from error
        known = facts.result()
    if not known.kvm_usable:
        log.warning("KVM is not usable (%s); guests run on plain QEMU", known.kvm_reason)
    return Foundation(network, known, platform.release(), _system())


def _system() -> str:
    """The distribution's own name for itself (os-release(5))."""
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", "Linux")
    except OSError:
        return "Linux"
