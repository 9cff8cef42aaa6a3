"""What a policy of one bridge costs on a node: to plan and make it, to see it, to look again.

Needs root. Prints one line a figure, with its goal; exit code 1 when a goal is missed. Run it with
``python -m tests.perf.nodepolicy``.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from launcher.system import nodeobserve
from tests.fakes.nodeplaces import NEEDS_OVS, apply, node

RUNS = 10
_LINUX = """
interfaces:
  - name: br1
    type: linux-bridge
    ipv4: {enabled: true, address: [{ip: 10.77.0.1, prefix-length: 24}]}
    bridge: {options: {stp: {enabled: true}}, port: [{name: en0}]}
"""
_LINUX_GONE = "interfaces: [{name: br1, state: absent}]"
_SWITCH = """
interfaces:
  - {name: ovs-br1, type: ovs-bridge, bridge: {options: {stp: true}, port: [{name: en1}]}}
ovn: {bridge-mappings: [{localnet: localnet2, bridge: ovs-br1, state: present}]}
"""
_SWITCH_GONE = """
interfaces: [{name: ovs-br1, type: ovs-bridge, state: absent}]
ovn: {bridge-mappings: [{localnet: localnet2, state: absent}]}
"""


def timed(work: Callable[[], object], after: Callable[[], object] = lambda: None) -> float:
    """Milliseconds, the middle of some runs; ``after`` is not counted."""
    found = []
    for _ in range(RUNS):
        begin = time.perf_counter()
        work()
        found.append((time.perf_counter() - begin) * 1000)
        after()
    return statistics.median(found)


def main() -> int:
    figures: list[tuple[str, float, float]] = []
    with tempfile.TemporaryDirectory() as room, node(Path(room)) as (place, _):
        cost = timed(lambda: apply(place, _LINUX), lambda: apply(place, _LINUX_GONE))
        figures.append(("policy of a Linux bridge, verified", cost, 100))
        if not NEEDS_OVS:
            begin = time.perf_counter()
            apply(place, _SWITCH)
            first = (time.perf_counter() - begin) * 1000
            figures.append(("the same of Open vSwitch, which it starts", first, 1000))
            apply(place, _SWITCH_GONE)
            cost = timed(lambda: apply(place, _SWITCH), lambda: apply(place, _SWITCH_GONE))
            figures.append(("the same of Open vSwitch, which runs", cost, 250))
        figures.append(("a look at all of a node", timed(lambda: nodeobserve.state(place)), 20))
    for what, cost, goal in figures:
        print(f"{what:45} {cost:8.1f} ms  goal {goal:g} ms")  # noqa: T201 - its output
    return int(any(cost > goal for _, cost, goal in figures))


if __name__ == "__main__":
    sys.exit(main())
