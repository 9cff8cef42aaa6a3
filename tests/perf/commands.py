"""``make bench``: what commands cost, as medians of one run, against kubectl and the interpreter.

Needs no root and no cluster: a server of canned answers stands in, over TLS. Prints one line a
figure, with its goal; exit code 1 when a goal is missed.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from tests.fakes.canned import KUBEVIRT, SUBRESOURCES, api_server, table, vmi  # noqa: E402
from tests.fakes.certificates import authority  # noqa: E402

VIRTCTL = str(Path(sys.executable).parent / "virtctl")
RUNS = 15
missed: list[str] = []


def figure(name: str, value: float, goal: float | None = None) -> None:
    wanted = f"  (goal: at most {goal:g} ms)" if goal else ""
    sys.stdout.write(f"{name:44} {value:8.1f} ms{wanted}\n")
    sys.stdout.flush()
    if goal and value > goal:
        missed.append(name)


def median(measure: Callable[[], float]) -> float:
    measure()  # files come into the page cache
    return statistics.median(measure() for _ in range(RUNS))


def command(*argv: str, environ: dict[str, str]) -> Callable[[], float]:
    def measure() -> float:
        started = time.perf_counter()
        subprocess.run(argv, env=environ, check=True, capture_output=True)
        return (time.perf_counter() - started) * 1000

    return measure


def until_ssh(directory: Path, environ: dict[str, str]) -> Callable[[], float]:
    """Time until the user's ssh is started, which stands for all before it dials."""
    told = directory / "told"
    fake = directory / "bin/ssh"
    fake.parent.mkdir(exist_ok=True)
    fake.write_text(f"#!/bin/sh\ndate +%s%N >{told}\n")
    fake.chmod(0o755)
    found = {**environ, "PATH": f"{fake.parent}:{environ['PATH']}"}

    def measure() -> float:
        started = time.time_ns()
        subprocess.run([VIRTCTL, "ssh", "vm/web"], env=found, check=True, capture_output=True)
        return (int(told.read_text()) - started) / 1e6

    return measure


def static_completion(environ: dict[str, str]) -> Callable[[], float]:
    """A key press in bash for a command's name, the shell's own start taken off."""
    script = ROOT / "completions/virtctl.bash"
    program = (
        f"source {script}; COMP_LINE='virtctl sta' COMP_POINT=11; s=${{EPOCHREALTIME/./}}; "
        "_virtctl; e=${EPOCHREALTIME/./}; echo $((e - s))"
    )  # fmt: skip

    def measure() -> float:
        ran = subprocess.run(
            ["bash", "-c", program], env=environ, check=True, capture_output=True, text=True
        )
        return int(ran.stdout.split()[-1]) / 1000

    return measure


def kubeconfig(url: str, ca: bytes) -> str:
    cluster = {"server": url, "certificate-authority-data": b64encode(ca).decode()}
    context = {"cluster": "c", "user": "u"}
    return json.dumps({
        "apiVersion": "v1", "kind": "Config", "current-context": "x",
        "clusters": [{"name": "c", "cluster": cluster}],
        "users": [{"name": "u", "user": {"token": "t"}}],
        "contexts": [{"name": "x", "context": context}],
    })  # fmt: skip


def main() -> None:
    directory = Path(tempfile.mkdtemp(prefix="bench-"))
    made = authority()
    try:
        with api_server(made.server_context(directory)) as server:
            machines = f"{KUBEVIRT}/virtualmachines"
            server.object(machines, table(*(f"vm{number}" for number in range(100))))
            server.object(f"{KUBEVIRT}/virtualmachineinstances/web", vmi())
            server.on("PUT", f"{SUBRESOURCES}/virtualmachines/web/start", None)
            config = directory / "config"
            config.write_text(kubeconfig(server.url, made.ca))
            environ = {
                "PATH": f"{Path(VIRTCTL).parent}:{os.environ['PATH']}", "HOME": str(directory),
                "KUBECONFIG": str(config), "USER": "me",
            }  # fmt: skip
            measure(directory, environ)
    finally:
        shutil.rmtree(directory)
    sys.exit(1 if missed else 0)


def measure(directory: Path, environ: dict[str, str]) -> None:
    def timed(*argv: str) -> float:
        return median(command(*argv, environ=environ))

    figure("python -c pass", timed(sys.executable, "-c", "pass"))
    if shutil.which("kubectl"):
        figure("kubectl version --client", timed("kubectl", "version", "--client"))
    figure("version --client", timed(VIRTCTL, "version", "--client"), 50)
    figure("start web, over TLS", timed(VIRTCTL, "start", "web"), 75)
    figure("names from the cache", timed(VIRTCTL, "__complete", "start", ""), 50)
    figure("commands, in bash", median(static_completion(environ)), 5)
    figure("ssh, until OpenSSH is started", median(until_ssh(directory, environ)), 60)


if __name__ == "__main__":
    main()
