"""A link whose making is killed at some moment, and what the next one who comes makes of it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from launcher.net.nodes import HostNetwork, design
from launcher.net.secondary import LinkAsk
from launcher.system import attachment, nodenet, secondary
from tests.fakes.scratch import inside_scratch_netns, shell

pytestmark = pytest.mark.host

ROOT = Path(__file__).resolve().parents[2]
MAKER = """
import sys, msgspec
from launcher.net.nodes import HostNetwork
from launcher.net.secondary import LinkAsk
from launcher.system import secondary
network = msgspec.json.decode(sys.argv[1], type=HostNetwork)
ask = msgspec.json.decode(sys.argv[2], type=LinkAsk)
print("go", flush=True)
secondary.note(network, "node1", ask)
made = secondary.add(network, "node1", ask)
secondary.keep(network, "node1", ask, made)
print("done", flush=True)
"""


@pytest.fixture
def network(tmp_path: Path) -> Iterator[HostNetwork]:
    with inside_scratch_netns("host") as host:
        network = design(["node1"], directory=str(tmp_path), suffix=host[-4:])
        nodenet.up(network)
        try:
            shell("ip link add br1 type bridge\nip link set br1 up", network.nodes[0].netns)
            yield network
        finally:
            nodenet.down(network)


def make_and_kill(network: HostNetwork, ask: LinkAsk, seconds: float) -> None:
    """Make a link in another process, which is killed so many seconds after it has begun."""
    words = [msgspec.json.encode(each).decode() for each in (network, ask)]
    maker = subprocess.Popen(
        [sys.executable, "-c", MAKER, *words],
        stdout=subprocess.PIPE,
        env={"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]},
    )
    with maker:
        assert maker.stdout is not None
        assert maker.stdout.readline() == b"go\n"
        time.sleep(seconds)
        maker.send_signal(signal.SIGKILL)
    wait_for_plugins(ask.netns)


def wait_for_plugins(pod: str) -> None:
    """A plugin outlives who ran it, but not until a daemon has started again."""
    deadline = time.monotonic() + 60
    while any(pod in words(path) for path in Path("/proc").glob("[0-9]*/environ")):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def words(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


@pytest.mark.parametrize("milliseconds", [0, 3, 8, 15, 30, 60])
def test_no_link_is_left_or_doubled(network: HostNetwork, milliseconds: int) -> None:
    node = network.nodes[0].netns
    pod = f"vtpod-{network.suffix}-k"
    attachment.attach(network, "node1", pod)
    ipam = {"type": "host-local", "subnet": "192.0.2.0/24"}
    plugin = {"type": "bridge", "bridge": "br1", "macspoofchk": True, "ipam": ipam}
    conflist = {"cniVersion": "0.4.0", "name": "lan", "plugins": [plugin]}
    ask = LinkAsk(netns=pod, ifname="net1", network="default/lan", conflist=conflist)
    make_and_kill(network, ask, milliseconds / 1000)
    for record in secondary.records(network, "node1", pod):
        if record.made is None:
            secondary.delete(network, "node1", record.ask)
            secondary.forget(network, "node1", pod, "net1")
    if not secondary.records(network, "node1", pod):
        secondary.note(network, "node1", ask)
        secondary.keep(network, "node1", ask, secondary.add(network, "node1", ask))
    assert len(shell("ip -br link show master br1", node).splitlines()) == 1
    assert len(given(network)) == 1
    attachment.detach(network, "node1", pod)
    assert shell("ip -br link show master br1", node) == ""
    assert given(network) == []
    assert "cni-br-iface" not in shell("nft list ruleset", node)


def given(network: HostNetwork) -> list[str]:
    """Addresses of the network that somebody has."""
    home = Path(network.directory, "nodes/node1/cni/addresses/lan")
    return [path.name for path in home.iterdir() if path.name[0].isdigit()]
