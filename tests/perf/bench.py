"""``make bench``: what we cost over bare QEMU, as ratios measured in one run.

Boots the same disk twice: by hand with QEMU in a network namespace with a tap and our DHCP server,
and from a manifest through the whole product. Needs root, and the `tiny` image (built when absent).
Prints one line a figure, with its goal; exit code 1 when a goal is missed.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
VIRTCTL = [sys.executable, "-m", "virtctl"]
RUNS = 5
SSH = (
    "ssh", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
    "-o", "LogLevel=ERROR", "-o", "BatchMode=yes", "-o", "ConnectTimeout=1",
)  # fmt: skip


def run(*argv: str, check: bool = True, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(argv, check=check, capture_output=True, text=True, **options)


def virtctl(*words: str, environ: dict[str, str]) -> str:
    ran = subprocess.run(
        [*VIRTCTL, *words], env=environ, capture_output=True, text=True, check=False
    )
    if ran.returncode:
        sys.exit(f"virtctl {' '.join(words)} failed: {ran.stderr}")
    return ran.stdout


def pss(pid: int) -> float:
    """Proportional set size in MiB."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0


def until_ssh(key: Path, address: str, prefix: tuple[str, ...] = ()) -> None:
    deadline = time.monotonic() + 180
    argv = [*prefix, *SSH, "-i", str(key), f"root@{address}", "true"]
    while subprocess.run(argv, capture_output=True, check=False).returncode:
        if time.monotonic() > deadline:
            sys.exit(f"no ssh at {address} within 180 s")
        time.sleep(0.05)


@contextlib.contextmanager
def bare_network(name: str) -> Iterator[None]:
    """A namespace with a tap whose host end is 10.0.2.1, and a DHCP server in it."""
    run("ip", "netns", "add", name)
    server = None
    try:
        for line in (
            "link set lo up", "link add br0 type bridge", "addr add 10.0.2.1/24 dev br0",
            "link set br0 up", "tuntap add tap0 mode tap", "link set tap0 master br0 up",
        ):  # fmt: skip
            run("ip", "-n", name, *line.split())
        server = subprocess.Popen(
            ["ip", "netns", "exec", name, sys.executable, str(Path(__file__).with_name("lease.py"))]
        )
        yield
    finally:
        if server is not None:
            server.kill()
            server.wait()
        run("ip", "netns", "del", name)


def bare(disk: Path, seed: Path, key: Path, scratch: Path) -> float:
    """Seconds from starting QEMU by hand to the first SSH answer."""
    overlay = scratch / "bare.qcow2"
    overlay.unlink(missing_ok=True)
    run("qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", str(disk), str(overlay))
    with bare_network("bench-bare"):
        started = time.monotonic()
        guest = subprocess.Popen(
            [
                "ip", "netns", "exec", "bench-bare", "qemu-system-x86_64", "-machine", "q35",
                "-accel", "tcg", "-cpu", "max", "-m", "256", "-display", "none",
                "-serial", f"file:{scratch / 'bare-serial.log'}", "-monitor", "none",
                "-drive", f"file={overlay},if=virtio",
                "-drive", f"file={seed},if=virtio,format=raw,readonly=on",
                "-netdev", "tap,id=n,ifname=tap0,script=no,downscript=no",
                "-device", "virtio-net-pci,netdev=n,romfile=", "-device", "virtio-rng-pci",
            ]
        )  # fmt: skip
        try:
            until_ssh(key, "10.0.2.2", ("ip", "netns", "exec", "bench-bare"))
            return time.monotonic() - started
        finally:
            guest.kill()
            guest.wait()


def manifest(name: str, public_key: str) -> str:
    text = (ROOT / "templates/vm/fedora-0.yaml").read_text().replace("fedora-0", name)
    return text.replace(
        "              ssh_pwauth: true\n",
        f"              ssh_pwauth: true\n              ssh_authorized_keys: ['{public_key}']\n",
    )


def user_data(manifest: str) -> str:
    """The user data of a machine's manifest, so that both guests have the same to do."""
    return textwrap.dedent(manifest.partition("userData: |\n")[2])


def product(scratch: Path, key: Path, environ: dict[str, str]) -> float:
    """Seconds from ``apply`` to the first SSH answer at the pod's address."""
    public_key = key.with_suffix(".pub").read_text().strip()
    path = scratch / "vm.yaml"
    path.write_text(manifest("bench", public_key))
    started = time.monotonic()
    virtctl("apply", "-f", str(path), environ=environ)
    address = ""
    while not address:
        ran = subprocess.run(
            [*VIRTCTL, "get", "vmi", "bench", "-o", "jsonpath={.status.interfaces[0].ipAddress}"],
            env=environ, capture_output=True, text=True, check=False,
        )  # fmt: skip
        address = ran.stdout.strip()
        if time.monotonic() - started > 180:
            sys.exit("the machine got no address within 180 s")
    until_ssh(key, address)
    return time.monotonic() - started


def start_up(*words: str, environ: dict[str, str]) -> float:
    """Median milliseconds of a command as a whole process."""
    took = []
    for _ in range(21):
        started = time.perf_counter()
        subprocess.run([*VIRTCTL, *words], env=environ, capture_output=True, check=False)
        took.append((time.perf_counter() - started) * 1000)
    return statistics.median(took)


def launcher_pids(machine: Path) -> list[int]:
    """Processes of a machine that are not QEMU: the pod's first one and its descendants."""
    first = int((machine / "launcher.pid").read_text().split()[0])
    found, queue = [], [first]
    while queue:
        pid = queue.pop()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        queue += [int(child) for child in children]
        if not Path(f"/proc/{pid}/comm").read_text().startswith("qemu"):
            found.append(pid)
    return found


def main() -> None:
    if os.geteuid() != 0:
        sys.exit("the benchmark boots guests and makes namespaces: run it as root")
    scratch = Path(tempfile.mkdtemp(prefix="virtctl-bench-"))
    directory = scratch / "instance"
    environ = {
        **os.environ,
        "KUBECONFIG": str(scratch / "kubeconfig"),
        "VIRTCTL_DIR": str(directory),
    }
    key = scratch / "key"
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key))
    missed = []

    def figure(name: str, value: float, unit: str, goal: float | None = None) -> None:
        verdict = "" if goal is None else f"   goal <= {goal:.4g} {unit}"
        if goal is not None and value > goal:
            missed.append(name)
            verdict += "   MISSED"
        print(f"{name:<46} {value:8.2f} {unit}{verdict}", flush=True)

    try:
        virtctl("image", "build", "tiny", environ=environ)
        listen = f"127.0.0.1:{os.environ.get('BENCH_PORT', '16443')}"
        started = time.monotonic()
        virtctl("local", "up", "--listen", listen, environ=environ)
        figure("local up", time.monotonic() - started, "s", 2.0)
        base = scratch / "base.qcow2"
        shutil.copy(max((directory / "images").rglob("*"), key=lambda p: p.stat().st_size), base)
        seed = scratch / "seed.iso"
        make_seed(seed, user_data(manifest("bench", key.with_suffix(".pub").read_text().strip())))
        ours, theirs = [], []
        for _ in range(RUNS):
            theirs.append(bare(base, seed, key, scratch))
            ours.append(product(scratch, key, environ))
            daemon = json.loads((directory / "daemon.pid").read_text())["pid"]
            machine = next((directory / "vms").iterdir())
            memory = pss(daemon), sum(pss(pid) for pid in launcher_pids(machine))
            virtctl("delete", "vm", "bench", "--wait", environ=environ)
        by_hand, by_us = statistics.median(theirs), statistics.median(ours)
        figure("bare QEMU to first SSH", by_hand, "s")
        figure("apply to first SSH", by_us, "s", by_hand * 1.05 + 0.5)
        figure("ratio", by_us / by_hand, "x")
        figure("memory of the daemon (PSS)", memory[0], "MiB", 100)
        figure("memory of a launcher besides QEMU (PSS)", memory[1], "MiB", 60)
        figure("python -c pass", bare_python(), "ms")
        figure("version --client", start_up("version", "--client", environ=environ), "ms", 50)
        figure("start", start_up("start", "absent", environ=environ), "ms", 75)
    finally:
        subprocess.run([*VIRTCTL, "local", "down", "--delete"], env=environ, check=False)
        shutil.rmtree(scratch, ignore_errors=True)
    sys.exit(1 if missed else 0)


def bare_python() -> float:
    took = []
    for _ in range(21):
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", "pass"], check=True)
        took.append((time.perf_counter() - started) * 1000)
    return statistics.median(took)


def make_seed(path: Path, user_data: str) -> None:
    files = path.parent / "seed"
    files.mkdir(exist_ok=True)
    (files / "meta-data").write_text('{"instance-id": "bench", "local-hostname": "bench"}')
    (files / "user-data").write_text(user_data)
    options = "-quiet -volid cidata -joliet -rock -output"
    run("xorrisofs", *options.split(), str(path), str(files))


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    main()
