"""What is known of each guest NIC once the pod's network was looked at, as data.

It is taken from the pod before anything is changed and kept on disk, since the bridge binding
changes the very link that it was read from. DHCP, the domain and whoever comes later go by it.
"""

from __future__ import annotations

import msgspec

from launcher.net.model import Address


class _Fact(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Base of the facts."""


class GuestNetwork(_Fact, frozen=True, kw_only=True):
    """What one IP version of a masqueraded NIC is to the guest: its address, its gateway's."""

    gateway: Address
    guest: Address


class Hop(_Fact, frozen=True, kw_only=True):
    """A route of the pod's link. ``destination`` is a CIDR; without ``gateway`` it is on-link."""

    destination: str
    gateway: str = ""


class Lease(_Fact, frozen=True, kw_only=True):
    """What DHCP hands to a guest that takes over the address of the pod's link.

    ``mac`` is the only one that is answered, ``server`` the address that the server goes by.
    """

    address: Address
    mac: str
    server: str
    gateway: str = ""
    routes: tuple[Hop, ...] = ()


class Attachment(_Fact, frozen=True, kw_only=True):
    """One NIC between pod and guest.

    ``mac`` and ``mtu`` (bytes) are those of the pod's link as the CNI made it; the guest has the
    same MTU, and as ``guest_mac`` the same MAC unless it asks for another. ``addresses`` are those
    by which the guest is reached.
    ``tap`` is what the guest's NIC is plugged into, empty for none.

    ``ipv4`` and ``ipv6`` are of the masquerade binding; None for an IP version that the pod has no
    address of. ``lease`` is of the bridge binding; None when the pod's link has no IPv4 address.
    ``held`` are the addresses that a link of kind ``holder`` keeps in place of the pod's link, and
    ``bridge_address`` is the bridge's own then.
    """

    name: str
    pod_nic: str
    mac: str
    mtu: int
    guest_mac: str = ""
    addresses: tuple[Address, ...] = ()
    bridge: str = ""
    bridge_mac: str = ""
    tap: str = ""
    ipv4: GuestNetwork | None = None
    ipv6: GuestNetwork | None = None
    bridge_address: Address | None = None
    lease: Lease | None = None
    held: tuple[Address, ...] = ()
    holder: str = ""


class PodNet(_Fact, frozen=True, kw_only=True):
    """The network of a pod that is set up."""

    attachments: tuple[Attachment, ...]

    def attachment(self, name: str) -> Attachment:
        """The NIC of a name; raises ``KeyError``."""
        for attachment in self.attachments:
            if attachment.name == name:
                return attachment
        raise KeyError(name)

    def notes(self) -> tuple[str, ...]:
        """What is worth telling of how it was made; empty when all is as on a cluster."""
        kinds = dict.fromkeys(each.holder for each in self.attachments if each.holder)
        return tuple(
            f"stand-in: a link of kind {kind} keeps the pod's address, as this kernel has no dummy"
            for kind in kinds
            if kind != "dummy"
        )
