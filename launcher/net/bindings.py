"""From the guest NICs' bindings to the network that their pod must have, and the facts it gives.

Facts are taken first (``pod_net``), from the network that the CNI made; what is wanted
(``desired``) follows from them alone. Each binding has a module of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

import msgspec

from launcher.errors import HostError
from launcher.net import bridged, masquerade, names
from launcher.net.addresses import global_addresses, normal_mac
from launcher.net.attachments import Attachment, GuestNetwork, PodNet
from launcher.net.bridged import Place
from launcher.net.model import Link, NetState, Sysctl, Table
from launcher.ops.base import Plan
from launcher.ops.links import DeleteLink
from launcher.spec import (
    Bridge,
    Elsewhere,
    MachineSpec,
    ManagedTap,
    Masquerade,
    Nic,
    Passt,
    PluginTap,
)

__all__ = [
    "Attachment", "GuestNetwork", "PodNet", "attach", "desired", "listed", "needs_holder",
    "pod_net", "present", "removal", "setting_keys", "strays",
]  # fmt: skip

HOLDER = "dummy"
"""Kind of the link that keeps a pod's addresses where the kernel has it."""

# As passt is run by the same user as QEMU, 107, in KubeVirt's pods.
_PASST_SETTINGS = {
    "net/ipv4/ping_group_range": "107 107",
    "net/ipv4/ip_unprivileged_port_start": "0",
}


def present(spec: MachineSpec) -> tuple[Nic, ...]:
    """The NICs that are to be there."""
    return tuple(nic for nic in spec.nics if nic.state != "absent")


def listed(spec: MachineSpec, only: Iterable[str] | None = None) -> tuple[Nic, ...]:
    """The NICs of some names in that order; without names those that are to be there."""
    if only is None:
        return present(spec)
    known = {nic.name: nic for nic in spec.nics}
    return tuple(known[name] for name in dict.fromkeys(only) if name in known)


def needs_holder(nics: Iterable[Nic]) -> bool:
    """Whether a link must keep addresses in place of a pod's link."""
    return any(isinstance(nic.binding, Bridge | ManagedTap) for nic in nics)


def pod_net(
    spec: MachineSpec,
    observed: NetState,
    only: Iterable[str] | None = None,
    *,
    holder: str = HOLDER,
) -> PodNet:
    """The facts of NICs, as ``listed`` and there, from the pod's network before it is set up.

    Raises ``HostError`` when the pod lacks a link, ``SpecError`` for what cannot be built.
    """
    found = []
    nics = listed(spec, only)
    for nic in nics:
        if nic.state == "absent":
            continue
        index = nics.index(_first_namesake(nic, nics, observed))
        place = Place(position=spec.nics.index(nic), index=index, seed=spec.uid, holder=holder)
        attachment = attach(nic, observed, place)
        if attachment:
            found.append(attachment)
    return PodNet(attachments=tuple(found))


def attach(nic: Nic, observed: NetState, place: Place) -> Attachment | None:
    """The facts of one NIC; None for one that is not plugged in here. Raises as ``pod_net``."""
    nic = with_link_name(nic, observed)
    match nic.binding:
        case Masquerade():
            return masquerade.attach(nic, nic.binding, observed)
        case Bridge():
            return bridged.attach(nic, observed, place, serves=True)
        case ManagedTap():
            return bridged.attach(nic, observed, place, serves=False)
        case PluginTap() | Passt():
            return _attach_plain(nic, observed)
        case Elsewhere():
            return None
        case _:
            assert_never(nic.binding)


def with_link_name(nic: Nic, observed: NetState) -> Nic:
    """The NIC with the name that the pod's link has: old machines' links are numbered."""
    if nic.primary or not nic.ordinal:
        return nic
    if not names.is_ordinal(link.name for link in observed.links):
        return nic
    return msgspec.structs.replace(nic, pod_nic=names.ordinal_name(nic.ordinal))


def _first_namesake(nic: Nic, nics: tuple[Nic, ...], observed: NetState) -> Nic:
    """The NIC that KubeVirt's virt-handler takes for the owner of this NIC's link.

    It numbers old machines' links by the NICs, and virt-launcher by the networks.
    """
    if nic.primary or not names.is_ordinal(link.name for link in observed.links):
        return nic
    secondary = [each for each in nics if not each.primary]
    return secondary[nic.ordinal - 1] if nic.ordinal <= len(secondary) else nic


def strays(nic: Nic) -> tuple[DeleteLink, ...]:
    """What is to go of a NIC that is not to be there and that nobody noted making.

    KubeVirt deletes these by name, the pod's own link among them, when it sets up other NICs.
    """
    if not isinstance(nic.binding, Bridge):
        return ()
    tap = names.tap_name(nic.pod_nic, primary=nic.primary)
    return tuple(
        DeleteLink(name=name) for name in (names.bridge_name(nic.pod_nic), tap, nic.pod_nic)
    )


def desired(spec: MachineSpec, net: PodNet) -> NetState:
    """The network that the pod of a machine must have besides what the CNI made."""
    nics = {nic.name: nic for nic in spec.nics}
    parts = [_desired(spec, nics[to.name], to) for to in net.attachments if to.name in nics]
    # Settings of several NICs may be the same ones; the order of the first is kept.
    sysctls = dict.fromkeys(setting for part in parts for setting in part.sysctls)
    # There is one table of a name, and the first that wants it has it.
    tables: dict[tuple[str, str], Table] = {}
    for table in (table for part in parts for table in part.tables):
        tables.setdefault((table.family, table.name), table)
    return NetState(
        links=tuple(link for part in parts for link in part.links),
        sysctls=tuple(sysctls),
        tables=tuple(tables.values()),
    )


def removal(to: Attachment) -> Plan:
    """What is to go of a NIC that is unplugged; the CNI's own link stays, without its old name."""
    links = (to.bridge, to.tap if to.bridge else "", to.pod_nic if to.holder else "")
    return tuple(DeleteLink(name=name) for name in links if name)


def setting_keys(net: PodNet) -> tuple[str, ...]:
    """The kernel settings to observe before and after."""
    own = (
        key
        for to in net.attachments
        if to.bridge
        for key in (
            masquerade.route_localnet(to.bridge),
            masquerade.accept_dad(to.bridge),
            *masquerade.patience(to.bridge, 4),
            *masquerade.patience(to.bridge, 6),
        )
    )
    return (*masquerade.FORWARDING.values(), bridged.ARP_IGNORE, *_PASST_SETTINGS, *own)


def _desired(spec: MachineSpec, nic: Nic, to: Attachment) -> NetState:
    tap = Link(
        name=to.tap,
        kind="tap",
        mtu=to.mtu,
        master=to.bridge,
        addresses=(),
        up=True,
        owner=spec.pod.tap_owner,
        queues=nic.queues if nic.known_queues is None else nic.known_queues,
    )
    match nic.binding:
        case Masquerade():
            return masquerade.desired(nic, to, spec.pod, tap)
        case Bridge() | ManagedTap():
            return bridged.desired(to, tap)
        case Passt():
            settings = (Sysctl(key=key, value=value) for key, value in _PASST_SETTINGS.items())
            return NetState(sysctls=tuple(settings))
        case PluginTap() | Elsewhere():
            return NetState()
        case _:
            assert_never(nic.binding)


def _attach_plain(nic: Nic, observed: NetState) -> Attachment:
    """The facts of a NIC for which nothing is made in the pod."""
    link = observed.link(nic.pod_nic)
    if link is None:
        raise HostError(f"the pod has no link `{nic.pod_nic}` for the network `{nic.name}`")
    tap = names.tap_name(nic.pod_nic, primary=nic.primary)
    plugged = tap if observed.link(tap) else nic.pod_nic
    return Attachment(
        name=nic.name,
        pod_nic=nic.pod_nic,
        mac=link.mac,
        mtu=link.mtu,
        guest_mac=normal_mac(nic.mac) or link.mac,
        addresses=tuple(
            address for version in (4, 6) for address in global_addresses(link.addresses, version)
        ),
        tap=plugged if isinstance(nic.binding, PluginTap) else "",
    )
