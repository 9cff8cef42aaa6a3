"""``make bench``: what imports and uploads cost over plain tools, as ratios measured in one run.

Imports: one worker, against curl to a file and ``qemu-img convert`` of that. Uploads: the proxy,
against a plain TLS server that writes what is PUT. All over loopback. Prints one line a figure,
with its goal; exit code 1 when a goal is missed.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from virtctl.client.transfer import Server, Trust
from virtctl.local import pki
from virtctl.local.imports.job import Desk, Job, Source
from virtctl.local.imports.tokens import Grant, Tokens

RUNS = 7
MIB = 1 << 20
SIZE = 1024 * MIB
HERE = "127.0.0.1"


def free_port() -> int:
    with socket.create_server((HERE, 0)) as probe:
        return probe.getsockname()[1]


def write_sparse(path: Path) -> None:
    """A disk of 1 GiB that is a quarter full, in pieces."""
    noise = random.Random(1)
    with path.open("wb") as file:
        file.truncate(SIZE)
        for place in range(0, SIZE, 64 * MIB):
            file.seek(place)
            file.write(noise.randbytes(16 * MIB))


@contextlib.contextmanager
def program(*argv: str, **options: object) -> Iterator[subprocess.Popen[bytes]]:
    running = subprocess.Popen(argv, **options)
    try:
        yield running
    finally:
        running.kill()
        running.wait()


def wait_for(port: int) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            with socket.create_connection((HERE, port)):
                return
        except OSError:
            if time.monotonic() > deadline:
                sys.exit(f"nothing listens at {HERE}:{port}")
            time.sleep(0.02)


def fastest(*works: Callable[[], None]) -> list[float]:
    """Seconds of each; they take turns, so that what else the machine does meets all of them.

    Each begins with a quiet disk: what the one before left to be written is not its work. Of the
    runs the fastest counts: what a shared disk does beside can only add to it, and by seconds.
    """
    took: list[list[float]] = [[] for _ in works]
    for _ in range(RUNS):
        for work, seconds in zip(works, took, strict=True):
            os.sync()
            started = time.perf_counter()
            work()
            seconds.append(time.perf_counter() - started)
    return [min(seconds) for seconds in took]


def plain_import(url: str, scratch: Path) -> None:
    """As somebody does it by hand; both end on the disk, as an import does."""
    for name in ("fetched", "plain.img"):
        (scratch / name).unlink(missing_ok=True)
    subprocess.run(["curl", "-sSf", "-o", scratch / "fetched", url], check=True)
    convert = ["qemu-img", "convert", "-t", "writeback", "-O", "raw"]
    subprocess.run([*convert, scratch / "fetched", scratch / "plain.img"], check=True)
    subprocess.run(["sync", scratch / "plain.img"], check=True)


def our_import(url: str, scratch: Path) -> None:
    target = scratch / "claim" / "disk.img"
    shutil.rmtree(target.parent, ignore_errors=True)
    target.parent.mkdir()
    desk = Desk(scratch / "job")
    source = Source(kind="http", url=url)
    desk.assign(Job(name="bench/a", target=str(target), capacity=SIZE, source=source))
    subprocess.run([sys.executable, "-m", "virtctl.local.imports", desk.root], check=True)
    if desk.state().phase != "Succeeded":
        sys.exit(f"the import failed: {desk.state().message}")


PLAIN = """
import http.server, ssl, sys
class Handler(http.server.BaseHTTPRequestHandler):
    rbufsize = 1 << 20
    def do_POST(self):
        left, buffer = int(self.headers["content-length"]), memoryview(bytearray(1 << 20))
        with open(sys.argv[4], "wb", buffering=0) as file:
            while left:
                got = self.rfile.readinto(buffer[:left])
                file.write(buffer[:got])
                left -= got
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()
    def log_message(self, *args): pass
server = http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[2], sys.argv[3])
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
"""


def post(url: str, file: Path, trust: Trust, token: str = "") -> None:
    headers = {"Authorization": f"Bearer {token}", "Content-Length": str(file.stat().st_size)}
    with file.open("rb") as stream:
        reply = Server({}, trust).post(url, headers, stream)
    if reply.code != 200:
        sys.exit(f"{url} answered {reply.code}: {reply.text}")


def upload(scratch: Path, file: Path) -> tuple[float, float]:
    """Seconds of an upload and of a plain PUT."""
    keys = pki.ensure(scratch / "pki", (HERE,))
    trust = Trust(authority=keys.ca.read_bytes())
    root = scratch / "imports"
    root.mkdir()
    tokens = Tokens(b"key")
    (root / "key").write_bytes(tokens.key)
    port = free_port()
    words = (str(port), str(keys.server), str(keys.server_key), str(scratch / "put"))
    plain = program(sys.executable, "-c", PLAIN, *words)
    listener = socket.create_server((HERE, 0))
    argv = [sys.executable, "-m", "virtctl.local.imports", "--serve", str(listener.fileno())]
    paths = (str(root), str(keys.server), str(keys.server_key))

    def ours() -> None:
        target = scratch / "claim" / "disk.img"
        shutil.rmtree(target.parent, ignore_errors=True)
        shutil.rmtree(root / "u", ignore_errors=True)
        target.parent.mkdir()
        source = Source(kind="upload")
        job = Job(name="bench/a", target=str(target), capacity=SIZE, source=source)
        Desk(root / "u").offer(job)
        token = tokens.issue(Grant(namespace="bench", name="a", uid="u"), time.time())
        url = f"https://{HERE}:{listener.getsockname()[1]}/v1beta1/upload"
        post(url, file, trust, token)

    with plain, listener, program(*argv, *paths, pass_fds=(listener.fileno(),)):
        wait_for(port)
        own, put = fastest(ours, lambda: post(f"https://{HERE}:{port}/", file, trust))
        return own, put


def main() -> None:
    scratch = Path(tempfile.mkdtemp(prefix="virtctl-bench-"))
    missed = []

    def ratio(name: str, ours: float, theirs: float, goal: float) -> None:
        value = theirs / ours
        verdict = "" if value >= goal else "   MISSED"
        if verdict:
            missed.append(name)
        took = f"({ours:.2f} s against {theirs:.2f} s)"
        sys.stdout.write(f"{name:<46} {value:8.2f} x   goal >= {goal:.4g} x {took}{verdict}\n")
        sys.stdout.flush()

    try:
        served = scratch / "www"
        served.mkdir()
        write_sparse(served / "disk.raw")
        argv = ["qemu-img", "convert", "-O", "qcow2", served / "disk.raw", served / "disk.qcow2"]
        subprocess.run(argv, check=True)
        port = free_port()
        busybox = ["busybox", "httpd", "-f", "-p", f"{HERE}:{port}", "-h", str(served)]
        with program(*busybox):
            wait_for(port)
            for form in ("raw", "qcow2"):
                url = f"http://{HERE}:{port}/disk.{form}"
                ours, theirs = fastest(
                    lambda url=url: our_import(url, scratch),
                    lambda url=url: plain_import(url, scratch),
                )
                ratio(f"import of 1 GiB, {form}", ours, theirs, 0.9)
        ratio("upload of 1 GiB", *upload(scratch, served / "disk.raw"), 0.8)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    main()
