"""``LocalConfig``: what ``local up`` was asked for; on disk, so that a daemon can restart."""

from __future__ import annotations

import msgspec


class LocalConfig(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One instance. ``pod_cidr`` is cut into a /24 per node, ``pod_cidr6`` into a /64."""

    listen: str = "127.0.0.1:6443"
    nodes: int = 1
    node_names: tuple[str, ...] = ("node1",)
    pod_cidr: str = "10.244.0.0/16"
    pod_cidr6: str = "fd10:244::/48"
    cluster_domain: str = "cluster.local"
    namespace: str = "kubevirt"  # where the components' pods and the KubeVirt object are shown
    version: str = ""  # version of virtctl that made the instance
    emulation: str = "auto"  # auto, always (TCG), never
    mac_prefix: str = "02:b3:f0"
    fabric: tuple[str, ...] = ()  # cards that each node gets, joined by a switch of their own
    nics: tuple[str, ...] = ()  # cards of the host that nodes get: DEVICE[=NAME][@NODE]
    audit_log: str = ""  # a file, or "-" for the daemon's log; empty for none
