"""What networks of OVN cost: memory of a node, and the time until a pod is on a network.

Needs root. Prints one line a figure, with its goal; exit code 1 when a goal is missed. Run it with
``python -m tests.perf.overlay``.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

from launcher.net.nodes import HostNetwork
from launcher.net.overlay import Overlay
from launcher.system import attachment, daemons, overlays, ovn
from launcher.system.overlays import OverlayAsk
from tests.fakes.overlaid import NEEDS_OVN, nodes

RUNS = 10
_NETWORK = Overlay(switch="bench_ovn_layer2_switch", subnets=("10.100.0.0/16",))


def milliseconds(begin: float) -> float:
    return (time.perf_counter() - begin) * 1000


def add(network: HostNetwork, number: int) -> float:
    """The time that a pod's link takes, in milliseconds; its first link is not counted."""
    pod = f"bench{number}-{network.suffix}"
    attachment.attach(network, "node1", pod)
    ask = OverlayAsk(
        network=_NETWORK,
        port=f"bench_{pod}",
        netns=pod,
        ifname="net1",
        sandbox=f"{number:02}0123456789abcdef",
        mtu=1400,
    )
    begin = time.perf_counter()
    overlays.add(network, "node1", ask)
    return milliseconds(begin)


def memory(network: HostNetwork) -> float:
    """What the programs of the first node have to themselves, in MB (proc(5), smaps_rollup)."""
    home = Path(network.directory) / "nodes/node1"
    pids = list(daemons.running(home / "ovn").values())
    pids += [int((home / "ovs" / f"{name}.pid").read_text())
             for name in ("ovsdb-server", "ovs-vswitchd")]  # fmt: skip
    found = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                found += int(line.split()[1])
    return found / 1024


def main() -> int:
    if NEEDS_OVN:
        print(NEEDS_OVN)  # noqa: T201 - its output
        return 0
    with tempfile.TemporaryDirectory() as room, nodes(Path(room) / "one") as network:
        begin = time.perf_counter()
        overlays.ensure_network(network, _NETWORK)
        central = milliseconds(begin)
        first = add(network, 0)
        further = statistics.median(add(network, number) for number in range(1, RUNS + 1))
        ovn.revive(network)  # the second node's part is started by this
        begin = time.perf_counter()
        ovn.revive(network)
        look = milliseconds(begin)
        figures = (
            ("the first network, which starts the databases", central, 500, "ms"),
            ("the first pod of a node, which starts its part", first, 1000, "ms"),
            ("a further pod, until its traffic passes", further, 150, "ms"),
            ("a look whether all of two nodes runs", look, 20, "ms"),
            ("a node's programs", memory(network), 50, "MB"),
        )
    for what, cost, goal, unit in figures:
        print(f"{what:48} {cost:8.1f} {unit}  goal {goal:g} {unit}")  # noqa: T201 - its output
    return int(any(cost > goal for _, cost, goal, _ in figures))


if __name__ == "__main__":
    sys.exit(main())
