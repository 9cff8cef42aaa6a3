"""Interface names of a pod, as KubeVirt gives them; all fit into the kernel's 15 characters."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable


def pod_nic_name(network: str) -> str:
    """Link that the CNI makes in the pod for a secondary network, from the network's name.

    Eleven digits of the hash are what fits beside the longest affix, ``-nic``.
    """
    return "pod" + hashlib.sha256(network.encode()).hexdigest()[:11]


def ordinal_name(number: int) -> str:
    """The same of old machines: by the place of the network among the secondary ones, from 1."""
    return f"net{number}"


def is_ordinal(links: Iterable[str]) -> bool:
    """Whether a pod with these links has them named in the old way; one of them says it of all."""
    return any(re.fullmatch(r"net\d+", link, re.ASCII) for link in links)


def moved_name(pod_nic: str) -> str:
    """The name that the CNI's link has in a bridge, when another keeps its own: ``eth0-nic``."""
    return pod_nic.removeprefix("pod") + "-nic"


def bridge_name(pod_nic: str) -> str:
    """Bridge between the pod's link and the guest's tap: ``k6t-eth0``."""
    return "k6t-" + pod_nic.removeprefix("pod")


def tap_name(pod_nic: str, *, primary: bool) -> str:
    """Tap of the guest's NIC: ``tap0`` for the primary network whatever its link is called."""
    return "tap0" if primary else "tap" + pod_nic[3:]


def node_netns(node: str, suffix: str) -> str:
    """Network namespace of a node; ``suffix`` tells instances apart and may be empty."""
    return f"virtctl-{node}" + (f"-{suffix}" if suffix else "")


def fabric_netns(suffix: str) -> str:
    """Network namespace of the switch between the nodes."""
    return "virtctl-fabric" + (f"-{suffix}" if suffix else "")


def node_uplink(number: int, suffix: str) -> str:
    """Host's end of the veth to the node of a number: ``vl-n1``."""
    return f"vl{suffix}-n{number}"


def host_table(suffix: str) -> str:
    """The instance's one nft table on the host, of the family ``inet``."""
    return f"virtctl-local{suffix}"
