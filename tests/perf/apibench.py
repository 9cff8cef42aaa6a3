"""``make bench``: what the API server costs over a bare Starlette answer of the same size.

Both run under the same protocol classes and TLS, each in a process of its own; what is compared is
the CPU time of that process for a request, taken in turns, so that figures hold on a busy machine.
Prints one line a figure, with its goal; exit code 1 when a goal is missed.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import select
import shutil
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROGRAM = [sys.executable, "-m", "tests.perf.apiprogram"]
MACHINES = "/apis/kubevirt.io/v1/namespaces/default/virtualmachines"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
MERGE = "application/merge-patch+json"
ROUNDS = 5
missed: list[str] = []


def figure(name: str, value: float, unit: str, goal: float | None = None) -> None:
    verdict = "" if goal is None else f"   goal <= {goal:.4g} {unit}"
    if goal is not None and value > goal:
        missed.append(name)
        verdict += "   MISSED"
    print(f"{name:<58} {value:9.2f} {unit}{verdict}", flush=True)


def cpu(pid: int) -> float:
    """Seconds that the threads of a process have run."""
    spent = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):
            spent += int((task / "schedstat").read_text().split()[0])
    return spent / 1e9


def pss(pid: int) -> float:
    """Proportional set size in MiB."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0


class Server:
    """A server process, and one connection to it."""

    def __init__(self, kind: str, directory: Path) -> None:
        started = time.monotonic()
        self.process = subprocess.Popen(
            [*PROGRAM, kind, str(directory)], stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        self.port = json.loads(self.process.stdout.readline())["port"]
        self.context = ssl.create_default_context(cafile=directory / "pki/ca.crt")
        self.context.load_cert_chain(directory / "pki/admin.crt", directory / "pki/admin.key")
        self.connection = self.connect()
        self.ask("GET", "/livez" if kind == "ours" else "/size/10")
        self.seconds = time.monotonic() - started

    def connect(self) -> http.client.HTTPSConnection:
        return http.client.HTTPSConnection("127.0.0.1", self.port, context=self.context)

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> bytes:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.connection.request(method, path, body, named)
        answer = self.connection.getresponse()
        text = answer.read()
        assert answer.status < 300, text[:300]
        return text

    def cost(self, count: int, ask: Callable[[int], object]) -> float:
        """Microseconds of CPU time for one of ``count`` requests."""
        before = cpu(self.process.pid)
        for number in range(count):
            ask(number)
        return (cpu(self.process.pid) - before) / count * 1e6

    def stop(self) -> None:
        self.connection.close()
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


@contextlib.contextmanager
def serving(kind: str, directory: Path) -> Iterator[Server]:
    server = Server(kind, directory)
    try:
        yield server
    finally:
        server.stop()


def compare(
    ours: Server, bare: Server, count: int, ask: Callable[[int], bytes], patch: bytes | None = None
) -> tuple[float, float]:
    """Costs of our answers and of bare ones of the same size, medians of rounds in turns."""
    path = f"/size/{len(ask(0))}"
    method = "GET" if patch is None else "PATCH"
    first: list[float] = []
    second: list[float] = []
    for _ in range(ROUNDS):
        first.append(ours.cost(count, ask))
        second.append(bare.cost(count, lambda _: bare.ask(method, path, patch)))
    return statistics.median(first), statistics.median(second)


def requests(home: Path) -> None:
    numbers = iter(range(10**9))

    def change(number: int) -> bytes:
        body = json.dumps(
            {"spec": {"template": {"metadata": {"labels": {"n": str(next(numbers))}}}}}
        )
        path = f"{MACHINES}/vm{number % 1000:05}?fieldValidation=Strict&fieldManager=bench"
        return ours.ask("PATCH", path, body.encode(), content_type=MERGE)

    with serving("ours", home) as ours, serving("bare", home) as bare:
        rows = (
            (
                "GET of one", 300,
                lambda n: ours.ask("GET", f"{MACHINES}/vm{n % 1000:05}"), None, 2.5,
            ),
            ("LIST of 1,000", 20, lambda _: ours.ask("GET", MACHINES), None, 2.0),
            (
                "Table page of 500", 20,
                lambda _: ours.ask("GET", f"{MACHINES}?limit=500", accept=TABLE), None, 3.0,
            ),
            ("PATCH, validated, tracked and on disk", 100, change, b'{"a":"b"}', 20.0),
        )  # fmt: skip
        for name, count, ask, patch, goal in rows:
            mine, theirs = compare(ours, bare, count, ask, patch)
            figure(f"{name}: CPU", mine, "us")
            figure(f"{name}: bare answer of the same size", theirs, "us")
            figure(f"{name}: ratio", mine / theirs, "x", goal)


class Watcher:
    """A connection that is watched, and when something came of it first.

    What comes is decrypted only afterwards: all watchers of a bench share a process, and should not
    wait for each other to read.
    """

    def __init__(self, server: Server, path: str) -> None:
        self.socket = socket.create_connection(("127.0.0.1", server.port))
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = server.context.wrap_bio(
            self._incoming, self._outgoing, server_hostname="localhost"
        )
        while True:
            try:
                self._tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                self._send()
                self._incoming.write(self.socket.recv(1 << 16))
        self._tls.write(f"GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n".encode())
        self._send()
        self.came = 0.0

    def _send(self) -> None:
        self.socket.sendall(self._outgoing.read())

    def receive(self) -> None:
        """Take what is there."""
        self._incoming.write(self.socket.recv(1 << 18))
        self.came = self.came or time.monotonic()

    def read(self) -> bytes:
        """What has come."""
        self.came, found = 0.0, b""
        with contextlib.suppress(ssl.SSLWantReadError):
            while True:
                found += self._tls.read(1 << 16)
        return found


class Watchers:
    """Many of them, in one thread. The connection that changes is the server's own."""

    def __init__(self, server: Server, count: int, path: str) -> None:
        self._server = server
        self._poll = select.epoll()
        self._all = {}
        for _ in range(count):
            made = Watcher(server, path)
            self._all[made.socket.fileno()] = made
            self._poll.register(made.socket, select.EPOLLIN)
        self._rest(1 + count / 500)

    def _rest(self, seconds: float) -> None:
        """Take what comes within ``seconds``, and look at it."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            for number, _ in self._poll.poll(left):
                self._all[number].receive()
        self.sizes = {len(each.read()) for each in self._all.values()}

    def round(self, path: str, body: bytes) -> tuple[float, float, float]:
        """Milliseconds until half and all know of a change, and the server's CPU time for it."""
        pid = self._server.process.pid
        before, started = cpu(pid), time.monotonic()
        self._server.connection.request("PATCH", path, body, {"content-type": MERGE})
        missing = len(self._all)
        while missing:
            for number, _ in self._poll.poll():
                missing -= not self._all[number].came
                self._all[number].receive()
        came = sorted(each.came - started for each in self._all.values())
        answer = self._server.connection.getresponse()
        text = answer.read()
        spent = cpu(pid) - before
        assert answer.status < 300, text[:300]
        self._rest(0.05)
        assert len(self.sizes) == 1, self.sizes
        return came[len(came) // 2] * 1000, came[-1] * 1000, spent * 1000

    def close(self) -> None:
        self._poll.close()
        for each in self._all.values():
            each.socket.close()


def watched(server: Server, count: int, size: int = 0) -> tuple[list[float], int]:
    """The best of rounds, of each figure; with ``size`` of the bare server. Also the bytes told."""
    path, change = "/watch", f"/tell/{size}"
    if not size:
        revision = json.loads(server.ask("GET", f"{MACHINES}?limit=1"))["metadata"]
        path = f"{MACHINES}?watch=true&resourceVersion={revision['resourceVersion']}"
        change = f"{MACHINES}/vm00001"
    watchers = Watchers(server, count, path)
    try:
        rounds = [
            watchers.round(
                change,
                json.dumps({"metadata": {"labels": {"round": f"{count}-{number:02}"}}}).encode(),
            )
            for number in range(12)
        ]
        return [min(figures) for figures in zip(*rounds, strict=True)], min(watchers.sizes)
    finally:
        watchers.close()


def watches(home: Path) -> None:
    with serving("ours", home) as ours, serving("bare", home) as bare:
        empty = pss(ours.process.pid)
        for count, goal in ((100, 5.0), (1000, 20.0)):
            (half, last, spent), size = watched(ours, count)
            figure(f"a change until half of {count} watchers know", half, "ms", goal)
            figure(f"a change until all of {count} watchers know", last, "ms")
            (half, _, bare_spent), _ = watched(bare, count, size)
            figure(f"bare streams until half of {count} know", half, "ms")
            figure(f"a change told to {count} watchers: CPU", spent, "ms")
            figure("bare streams told as much: CPU", bare_spent, "ms")
        figure("memory that a thousand watches had (PSS)", pss(ours.process.pid) - empty, "MiB")


def large(home: Path) -> None:
    with serving("ours", home) as ours:
        figure("start with 10,000 until it answers", ours.seconds, "s")
        figure("memory with 10,000 machines (PSS)", pss(ours.process.pid), "MiB", 150)
        took = latencies(ours, 200)
        figure("p99 of GET alone", took[int(len(took) * 0.99)], "ms")
        ended = threading.Event()

        def list_on() -> None:
            connection = ours.connect()
            while not ended.is_set():
                connection.request("GET", MACHINES)
                connection.getresponse().read()
            connection.close()

        lister = threading.Thread(target=list_on)
        lister.start()
        try:
            took = latencies(ours, 300)
        finally:
            ended.set()
            lister.join()
        figure("p50 of GET while a LIST of 10,000 runs", took[len(took) // 2], "ms")
        figure("p99 of GET while a LIST of 10,000 runs", took[int(len(took) * 0.99)], "ms")
        figure("memory after that (PSS)", pss(ours.process.pid), "MiB")


def latencies(server: Server, count: int) -> list[float]:
    took = []
    for _ in range(count):
        started = time.monotonic()
        server.ask("GET", f"{MACHINES}/vm00001")
        took.append((time.monotonic() - started) * 1000)
        time.sleep(0.002)
    return sorted(took)


def idle(home: Path) -> None:
    """The real daemon: needs root."""
    directory = home / "instance"
    environ = {**os.environ, "VIRTCTL_DIR": str(directory), "KUBECONFIG": str(home / "kubeconfig")}
    environ.pop("PYTHONDONTWRITEBYTECODE", None)  # as it is where it is installed
    virtctl = [sys.executable, "-m", "virtctl", "local"]
    port = os.environ.get("BENCH_PORT", "16443")
    up = [*virtctl, "up", "--listen", f"127.0.0.1:{port}"]
    try:
        subprocess.run(up, env=environ, cwd=ROOT, check=True, capture_output=True)
        subprocess.run([*virtctl, "down"], env=environ, cwd=ROOT, check=True, capture_output=True)
        started = time.monotonic()
        starting = subprocess.Popen(up, env=environ, cwd=ROOT, stdout=subprocess.DEVNULL)
        until_answering(directory)
        took = time.monotonic() - started
        pid = json.loads((directory / "daemon.pid").read_text())["pid"]
        figure("local up until the API answers", took, "s", 0.5)
        figure("CPU time that the daemon had taken then", cpu(pid), "s")
        starting.wait()
        figure("local up until it returns, with nodes Ready", time.monotonic() - started, "s")
        time.sleep(15)
        before = cpu(pid)
        time.sleep(30)
        figure("an idle daemon's share of a core", (cpu(pid) - before) / 30 * 100, "%", 0.5)
        figure("an idle daemon's memory (PSS)", pss(pid), "MiB", 60)
    finally:
        down = [*virtctl, "down", "--delete"]
        subprocess.run(down, env=environ, cwd=ROOT, check=False, capture_output=True)


def until_answering(directory: Path) -> None:
    while True:
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(directory / "api.sock"))
                probe.sendall(b"GET /livez HTTP/1.1\r\nhost: a\r\n\r\n")
                if probe.recv(100).startswith(b"HTTP/1.1 200"):
                    return
            except OSError:
                time.sleep(0.002)


def main() -> None:
    home = Path(tempfile.mkdtemp(prefix="virtctl-apibench-"))
    parts = sys.argv[1:] or ["requests", "watches", "large", "idle"]
    try:
        for name, count in (("small", 1000), ("large", 10_000)):
            if {"small": {"requests", "watches"}, "large": {"large"}}[name] & set(parts):
                (home / name).mkdir()
                subprocess.run(
                    [*PROGRAM, "fill", str(home / name), str(count)], cwd=ROOT, check=True
                )
        for part, work, where in (
            ("requests", requests, home / "small"),
            ("watches", watches, home / "small"),
            ("large", large, home / "large"),
        ):
            if part in parts:
                work(where)
        if "idle" in parts and os.geteuid() == 0:
            idle(home)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
