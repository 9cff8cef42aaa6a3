"""``make bench``: what a launcher costs, without the control plane; ratios are of one run.

Needs root, nft and iperf3; QEMU is started as often as it is measured, on an empty disk. Prints one
line a figure, with its goal; exit code 1 when a goal is missed.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from launcher import lifecycle  # noqa: E402
from launcher.layout import MachineLayout  # noqa: E402
from launcher.net.served import served_links  # noqa: E402
from launcher.spec import Disk, EmptyDisk, MachineSpec  # noqa: E402
from launcher.state import Stage  # noqa: E402
from launcher.system import namespaces, podnet, process, sockets  # noqa: E402
from tests.fakes.scratch import pod_by_hand, scratch_netns, shell  # noqa: E402
from tests.fakes.specs import machine  # noqa: E402

POD = "10.129.2.132"
RUNS = 9
ROUNDS, SECONDS = 12, 1

# What masquerade is made of, by a human's hand.
BY_HAND = """
ip link add k6t-eth0 address 02:00:00:00:00:00 mtu 1400 type bridge
ip address add 10.0.2.1/24 dev k6t-eth0
ip link set k6t-eth0 up
sysctl -qw net.ipv4.ip_forward=1
nft add table ip nat
nft add chain ip nat prerouting { type nat hook prerouting priority -100; }
nft add chain ip nat postrouting { type nat hook postrouting priority 100; }
nft add rule ip nat postrouting ip saddr 10.0.2.2 counter masquerade
nft add rule ip nat prerouting iifname eth0 counter dnat to 10.0.2.2
"""


@dataclass(frozen=True)
class Wired:
    """Namespaces that play pod, node and guest."""

    pod: str
    node: str
    guest: str


@contextmanager
def wired() -> Iterator[Wired]:
    with ExitStack() as stack:
        made = Wired(*(stack.enter_context(scratch_netns(name)) for name in ("p", "n", "g")))
        pod_by_hand(made.pod, made.node)
        yield made


def plug_in(made: Wired) -> None:
    """The namespace that plays the guest, on the bridge as its tap would be."""
    shell(
        f"""
        ip link add guest0 type veth peer name eth0 netns {made.guest}
        ip link set guest0 mtu 1400 master k6t-eth0 up
        """,
        made.pod,
    )
    shell(
        """
        ip link set eth0 mtu 1400 up
        ip address add 10.0.2.2/24 dev eth0
        ip route add default via 10.0.2.1
        """,
        made.guest,
    )


def network_times(scratch: Path) -> list[float]:
    """Milliseconds of setting a pod's network up, each in a pod of its own."""
    took = []
    for number in range(RUNS):
        with wired() as made, namespaces.in_netns(made.pod):
            started = time.perf_counter()
            podnet.set_up(machine(), scratch / f"journal-{number}.jsonl")
            took.append((time.perf_counter() - started) * 1000)
    return took


def dhcp_times(scratch: Path) -> list[float]:
    """Milliseconds from a DISCOVER to its OFFER."""
    spec = machine()
    with wired() as made:
        with namespaces.in_netns(made.pod):
            net = podnet.set_up(spec, scratch / "dhcp.jsonl")
            running = sockets.serve_links(served_links(spec, net))
        plug_in(made)
        took = [offer(made.guest, number) for number in range(2 * RUNS)]
        running.stop()
    return took


def offer(netns: str, number: int) -> float:
    chaddr = bytes.fromhex("02b3f0000001") + bytes(10)
    head = struct.pack("!BBBBIHH16x16s192x", 1, 1, 6, 0, number, 0, 0x8000, chaddr)
    packet = head + bytes.fromhex("63825363") + bytes((53, 1, 1, 255))
    with namespaces.open_socket(netns, socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"eth0")
        client.settimeout(5)
        client.bind(("0.0.0.0", 68))
        started = time.perf_counter()
        client.sendto(packet, ("255.255.255.255", 67))
        answer = client.recv(2048)
        took = (time.perf_counter() - started) * 1000
    if answer[0] != 2 or struct.unpack_from("!I", answer, 4)[0] != number:
        raise SystemExit("whoever answered is no DHCP server of ours")
    return took


def throughputs(scratch: Path) -> tuple[float, float]:
    """Gbit/s into a guest through our masquerade, and through the same by hand.

    The two take turns, so that what else the host does hits both.
    """
    found: dict[str, list[float]] = {"ours": [], "by hand": []}
    with wired() as ours, wired() as by_hand, ExitStack() as stack:
        with namespaces.in_netns(ours.pod):
            podnet.set_up(machine(), scratch / "tcp.jsonl")
        shell(BY_HAND, by_hand.pod)
        for made in (ours, by_hand):
            plug_in(made)
            server = process.spawn(["iperf3", "-s", "-p", "5201"], netns=made.guest)
            stack.callback(server.wait, 5)
            stack.callback(server.kill)
        time.sleep(0.5)
        for turn in range(ROUNDS):
            pair = [("ours", ours), ("by hand", by_hand)]
            for name, made in pair if turn % 2 else reversed(pair):
                found[name].append(throughput(made))
    return statistics.median(found["ours"]), statistics.median(found["by hand"])


def throughput(made: Wired) -> float:
    argv = ["iperf3", "-c", POD, "-t", str(SECONDS), "-J"]
    said = json.loads(process.run(argv, netns=made.node, timeout=30).stdout)
    return float(said["end"]["sum_received"]["bits_per_second"]) / 1e9


def start_times(scratch: Path) -> tuple[list[float], list[float]]:
    """Milliseconds until QEMU runs, and MiB of the launcher's own memory then."""
    caches = scratch / "caps"
    lifecycle.warm(caches).wait(60)
    facts = lifecycle.observe_facts()
    took, sizes = [], []
    for _ in range(RUNS):
        uid = str(uuid.uuid4())
        place = MachineLayout(root=scratch / uid, uid=uid, caps_cache=caches)
        disks = (Disk(name="empty", index=0, source=EmptyDisk(capacity=1 << 20)),)
        with wired() as made:
            spec = machine(uid=uid, disks=disks)
            milliseconds, size = asyncio.run(start(spec, place, made.pod, facts))
            took.append(milliseconds)
            sizes.append(size)
    return took, sizes


async def start(
    spec: MachineSpec, place: MachineLayout, netns: str, facts: lifecycle.HostFacts
) -> tuple[float, float]:
    started = time.perf_counter()
    lifecycle.prepare(spec, place, facts)
    control = await lifecycle.start(place, namespaces.path_of(netns))
    try:
        async for state in control.states():
            if state.stage is Stage.RUNNING:
                return (time.perf_counter() - started) * 1000, memory(netns)
        raise SystemExit(f"the machine did not run: {lifecycle.last_state(place)}")
    finally:
        await lifecycle.destroy(place)


def memory(netns: str) -> float:
    """MiB (PSS) of all processes of a pod but QEMU."""
    total = 0
    for pid in process.run(["ip", "netns", "pids", netns]).stdout.split():
        if Path(f"/proc/{pid}/comm").read_text().startswith("qemu"):
            continue
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        total += int(rollup.partition("\nPss:")[2].split()[0])
    return total / 1024


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    if os.geteuid() != 0:
        sys.exit("the benchmark makes namespaces and starts QEMU: run it as root")
    scratch = Path(tempfile.mkdtemp(prefix="virtctl-bench-"))
    scratch.chmod(0o711)
    missed = []

    def figure(name: str, value: float, unit: str, goal: str, *, met: bool) -> None:
        verdict = "" if met else "   MISSED"
        say(f"{name:<46} {value:8.2f} {unit}   goal {goal}{verdict}")
        if not met:
            missed.append(name)

    try:
        wiring = statistics.median(network_times(scratch))
        figure("pod network set up", wiring, "ms", "<= 60 ms", met=wiring <= 60)
        answer = statistics.median(dhcp_times(scratch))
        figure("DHCP answer", answer, "ms", "<= 5 ms", met=answer <= 5)
        took, sizes = start_times(scratch)
        until, size = statistics.median(took), statistics.median(sizes)
        figure("machine handed over to QEMU running", until, "ms", "<= 600 ms", met=until <= 600)
        figure("memory of a launcher besides QEMU (PSS)", size, "MiB", "<= 60 MiB", met=size <= 60)
        if shutil.which("iperf3"):
            ours, by_hand = throughputs(scratch)
            say(f"{'TCP into a guest, by hand':<46} {by_hand:8.2f} Gbit/s")
            ratio = ours / by_hand
            figure("TCP through masquerade, over that", ratio, "x", ">= 0.98", met=ratio >= 0.98)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return 1 if missed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except subprocess.SubprocessError as error:
        sys.exit(str(error))
