"""What of nmstate a desired state makes use of, as an enactment's ``status.features`` tells it.

Names are those of nmstate's statistics (its ``NmstateFeature``), as kubernetes-nmstate counts them.
"""

from __future__ import annotations

from collections.abc import Iterator

from virtctl.errors import InvalidField
from virtctl.models.documents import Document, child, find, objects, text

_ANYWHERE = (
    ("static-dns-name-server", ("dns-resolver", "config", "server")),
    ("static-dns-search", ("dns-resolver", "config", "search")),
    ("static-dns-option", ("dns-resolver", "config", "options")),
    ("static-hostname", ("hostname", "config")),
    ("static-route", ("routes", "config")),
    ("ovs-db-global", ("ovs-db",)),
)
_OF_INTERFACES = (
    ("lldp", ("lldp",)),
    ("sriov", ("ethernet", "sr-iov")),
    ("dhcpv4-custom-hostname", ("ipv4", "dhcp-custom-hostname")),
    ("dhcpv6-custom-hostname", ("ipv6", "dhcp-custom-hostname")),
    ("ovs-dpdk", ("dpdk",)),
    ("ovs-patch", ("patch",)),
)
_COUNTS = (500, 200, 100, 50, 10)
"""From how many interfaces on a state is told to have so many; the most counts."""


def features(desired: Document) -> list[str]:
    """The features of a desired state, each once and in order; none of one that is malformed."""
    try:
        return sorted(set(_found(desired)))
    except InvalidField:
        return []


def _found(desired: Document) -> Iterator[str]:
    for name, path in _ANYWHERE:
        if find(desired, *path) is not None:
            yield name
    if find(desired, "ovn", "bridge-mappings"):
        yield "ovn-mapping"
    rules = list(objects(desired, "route-rules", "config"))
    if rules:
        yield "static-route-rule"
    if any("suppress-prefix-length" in one and one.get("state") != "absent" for one in rules):
        yield "static-route-rule-suppress-prefix-length"
    interfaces = list(objects(desired, "interfaces"))
    for each in interfaces:
        yield from _of_interface(each)
    number = sum(1 for each in interfaces if each.get("state", "up") == "up")
    reached = next((count for count in _COUNTS if number >= count), 0)
    if reached:
        yield f"iface-count{reached}-plus"


def _of_interface(interface: Document) -> Iterator[str]:
    for name, path in _OF_INTERFACES:
        if find(interface, *path) is not None:
            yield name
    if text(interface, "identifier") == "mac-address":
        yield "mac-based-identifier"
    maps = child(interface, "ovs-db")
    if maps.get("external_ids") or maps.get("other_config"):
        yield "ovs-db-interface"
    ports = objects(interface, "bridge", "port")
    if interface.get("type") == "ovs-bridge" and any("link-aggregation" in one for one in ports):
        yield "ovs-bond"
