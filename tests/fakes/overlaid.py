"""Two nodes with OVN on a host of their own, for tests; and what passes between them."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from launcher.net import names
from launcher.net.nodes import HostNetwork, design
from launcher.net.overlay import Localnet, Overlay
from launcher.system import attachment, nodenet, overlays, ovn, process
from launcher.system.overlays import OverlayAsk, OverlayLink
from tests.fakes.scratch import answers, inside_scratch_netns

T = TypeVar("T")
NEEDS_OVN = f"not installed: {', '.join(ovn.missing())}" if ovn.missing() else ""
LAYER2 = Overlay(
    switch="l2.network_ovn_layer2_switch",
    external={"k8s.ovn.org/network": "l2-network"},
    subnets=("10.100.200.0/24",),
    excluded=("10.100.200.0/29",),
)


def localnet(name: str, tag: int, network: str = "") -> Overlay:
    port = Localnet(port=f"{name}_ovn_localnet_port", network=network or name, tag=tag)
    return Overlay(switch=f"{name}_ovn_localnet_switch", localnet=port)


@contextmanager
def nodes(directory: Path, count: int = 2) -> Iterator[HostNetwork]:
    with inside_scratch_netns("host") as name:
        names = [f"node{number}" for number in range(1, count + 1)]
        network = design(names, directory=str(directory), suffix=name[-4:])
        nodenet.up(network)
        try:
            yield network
        finally:
            for node in network.nodes:
                for pod in attachment.attached(network, node.name):
                    attachment.detach(network, node.name, pod)
            pids = ovn.processes(network).values()
            nodenet.down(network)
            assert nodenet.leftovers(network) == ()
            assert not any(process.start_time(pid) for pid in pids)


def pod(network: HostNetwork, number: int, overlay: Overlay, *addresses: str) -> OverlayLink:
    """A pod on the node of this number, with its link to a network."""
    node, name = f"node{number}", pod_name(network, number)
    attachment.attach(network, node, name)
    return overlays.add(network, node, ask(network, number, overlay, *addresses))


def ask(network: HostNetwork, number: int, overlay: Overlay, *addresses: str) -> OverlayAsk:
    return OverlayAsk(
        network=overlay,
        port=f"default.{overlay.switch}_default_pod{number}",
        netns=pod_name(network, number),
        ifname="net1" if overlay.localnet is None else f"net{overlay.localnet.tag}",
        sandbox=f"{number}{abs(hash(overlay.switch)):x}0123456789ab",
        mtu=1400,
        version="uid",
        addresses=addresses,
    )


def pod_name(network: HostNetwork, number: int) -> str:
    return f"pod{number}-{network.suffix}"


def reaches(address: str, netns: str) -> bool:
    """Whether an address answers, after some time at most."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if answers(address, netns):
            return True
    return False


def eventually(holds: Callable[[], T], seconds: float = 400) -> T:
    """What ``holds`` returns, once it is true."""
    deadline = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.01)
    return found


@contextmanager
def sniffed(suffix: str, device: str, directory: Path) -> Iterator[Callable[[str], str]]:
    """Watch a cable of a fabric; what is yielded waits for a line with these words."""
    log = directory / f"{device}.pcap.txt"
    netns = names.fabric_netns(suffix)
    argv = ["tcpdump", "-Z", "root", "-l", "-n", "-e", "-i", device]
    child = process.spawn(argv, log=log, netns=netns)
    try:
        eventually(lambda: "listening on" in log.read_text())

        def seen(words: str) -> str:
            def found() -> str:
                lines = log.read_text().splitlines()
                return next((one for one in lines if all(w in one for w in words.split("|"))), "")

            return eventually(found)

        yield seen
    finally:
        child.kill()
        child.wait()
