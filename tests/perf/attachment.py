"""What a link to a bridge of the node costs beside the plugin's own time.

Needs root. Prints one line a figure, with its goal; exit code 1 when a goal is missed. Run it with
``python -m tests.perf.attachment``.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time

from launcher.net.nodes import HostNetwork, design
from launcher.net.secondary import LinkAsk
from launcher.system import attachment, cni, nodenet, secondary
from tests.fakes.scratch import inside_scratch_netns, shell

RUNS = 15
_GOAL = 40.0
_PLUGIN: cni.Object = {"type": "bridge", "bridge": "br1", "macspoofchk": True}


class _Timed(cni.Network):
    """Adds up the time that plugins take."""

    spent = 0.0

    def _run(
        self, command: str, plugin: cni.Object, pod: cni.Pod, previous: cni.Object | None
    ) -> cni.Object:
        begin = time.perf_counter()
        try:
            return super()._run(command, plugin, pod, previous)
        finally:
            _Timed.spent += time.perf_counter() - begin


def added(network: HostNetwork, number: int) -> tuple[float, float]:
    """Milliseconds that a link takes, and how many of them the plugin."""
    ask = LinkAsk(
        netns=f"bench-{network.suffix}",
        ifname=f"net{number}",
        network="default/lan",
        conflist={"cniVersion": "0.4.0", "name": "lan", "plugins": [_PLUGIN]},
    )
    _Timed.spent = 0.0
    begin = time.perf_counter()
    secondary.note(network, "node1", ask)
    secondary.keep(network, "node1", ask, secondary.add(network, "node1", ask))
    whole = time.perf_counter() - begin
    return whole * 1000, _Timed.spent * 1000


def main() -> int:
    with tempfile.TemporaryDirectory() as room, inside_scratch_netns("host") as host:
        network = design(["node1"], directory=room, suffix=host[-4:])
        nodenet.up(network)
        plain, cni.Network = cni.Network, _Timed  # type: ignore[misc]
        try:
            shell("ip link add br1 type bridge\nip link set br1 up", network.nodes[0].netns)
            attachment.attach(network, "node1", f"bench-{network.suffix}")
            found = [added(network, number) for number in range(1, RUNS + 1)]
        finally:
            cni.Network = plain  # type: ignore[misc]
            nodenet.down(network)
    whole = statistics.median(one for one, _ in found)
    beside = statistics.median(one - plugin for one, plugin in found)
    print(f"{'a link to a bridge, all of it':48} {whole:8.1f} ms")  # noqa: T201 - its output
    print(f"{'of that beside the plugin':48} {beside:8.1f} ms  goal {_GOAL:g} ms")  # noqa: T201
    return int(beside > _GOAL)


if __name__ == "__main__":
    sys.exit(main())
