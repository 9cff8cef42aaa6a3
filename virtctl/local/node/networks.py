"""The node networks of an instance, from its configuration; for start, stop and status alike."""

from __future__ import annotations

from msgspec import structs

from launcher import hostnet
from launcher.errors import LauncherError
from launcher.hostnet import HostNetwork, Uplink
from virtctl.errors import LocalError
from virtctl.local.config import LocalConfig
from virtctl.local.layout import InstanceLayout
from virtctl.local.networks import serviceips


def network_of(
    layout: InstanceLayout, config: LocalConfig, uplink: Uplink = hostnet.ANY_UPLINK
) -> HostNetwork:
    """Names and addresses of the instance's nodes, and their cards.

    Raises ``SpecError`` for CIDRs and cards that are none.
    """
    network = hostnet.design(
        config.node_names,
        directory=layout.root,
        suffix=layout.suffix,
        cidrs=tuple(cidr for cidr in (config.pod_cidr, config.pod_cidr6) if cidr),
        uplink=uplink,
    )
    network = structs.replace(network, services=(serviceips.CIDR,))
    return hostnet.with_cards(network, fabric=config.fabric, handed=config.nics)


def taken(layout: InstanceLayout, config: LocalConfig) -> bool:
    """Whether somebody else on the host uses addresses of the instance's pod networks."""
    try:
        return hostnet.addresses_taken(network_of(layout, config)) is not None
    except LauncherError:
        return False  # networks that are none are refused elsewhere, with the reason


def free_cidrs() -> tuple[str, str]:
    """Pod networks, IPv4 and IPv6, that the host does not route yet: the usual ones if free.

    Raises ``LocalError``.
    """
    try:
        return hostnet.free_cidrs()
    except LauncherError as error:
        raise LocalError(str(error), error.hint) from error
