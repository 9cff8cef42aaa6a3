"""What our DHCP servers saw of a guest: whether it asked for its lease, and took it."""

from __future__ import annotations

from collections.abc import Iterator

from virtctl.models.documents import integer, text
from virtctl.output.networks.facts import Facts
from virtctl.output.networks.findings import BAD, GOOD, UNKNOWN, Finding
from virtctl.output.networks.path import Path


def of_lease(path: Path, facts: Facts) -> Iterator[Finding]:
    """The lease of a NIC, if the launcher has one for it."""
    bridge = f"k6t-{path.pod_nic.removeprefix('pod')}"
    for one in facts.leases:
        if text(one, "bridge") != bridge:
            continue
        address, where = text(one, "address"), f"pod {bridge}"
        offers, acknowledged = integer(one, "offers"), integer(one, "acknowledged")
        foreign = text(one, "foreign")
        if acknowledged:
            said = f"the guest has the lease of {address}, acknowledged {acknowledged} times"
            yield Finding(path.nic, where, "dhcp", GOOD, said)
        elif offers:
            said = f"{address} was offered {offers} times, and the guest never took it"
            remedy = "its firewall may drop offers (UDP port 68), or another server was faster"
            yield Finding(path.nic, where, "dhcp", BAD, said, remedy)
        elif foreign:
            said = f"{foreign} asked for an address and got none: the NIC is {path.mac}"
            remedy = "give the guest's NIC its own MAC: it was changed in the guest"
            yield Finding(path.nic, where, "dhcp", BAD, said, remedy)
        else:
            said = f"the guest never asked for its address {address}"
            remedy = "it has not booted so far, or its NIC is not set to DHCP: `virtctl console`"
            yield Finding(path.nic, where, "dhcp", UNKNOWN, said, remedy)
