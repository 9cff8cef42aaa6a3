"""A local instance for tests, driven by the command line as a user drives it."""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from virtctl.local.layout import InstanceLayout

ROOT = Path(__file__).parents[2]


def free_port() -> int:
    """A port that no outgoing connection takes meanwhile: it lies below the ephemeral ones."""
    while True:
        port = random.SystemRandom().randrange(20000, 32000)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


@dataclass
class Instance:
    """One instance in ``directory``."""

    directory: Path
    port: int = field(default_factory=free_port)
    pods: set[str] = field(default_factory=set)
    """Pods that it was seen to have, which their network namespaces are called after."""

    @property
    def key(self) -> Path:
        return self.directory.parent / "key"

    @property
    def public_key(self) -> str:
        if not self.key.exists():
            subprocess.run(
                ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", str(self.key)],
                check=True,
            )
        return self.key.with_suffix(".pub").read_text().strip()

    @property
    def environ(self) -> dict[str, str]:
        home = self.directory.parent
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        return {
            **kept,
            "HOME": str(home),
            "KUBECONFIG": str(home / "kubeconfig"),
            "VIRTCTL_DIR": str(self.directory),
            "PYTHONPATH": str(ROOT),
        }

    def run(
        self, *words: str, code: int | None = 0, stdin: str = "", timeout: float = 700
    ) -> subprocess.CompletedProcess[str]:
        """``virtctl WORDS``; a code other than the expected one fails with all that was said."""
        self.look()
        done = subprocess.run(
            [sys.executable, "-m", "virtctl", *words],
            env=self.environ, input=stdin, capture_output=True, text=True, timeout=timeout,
            check=False,
        )  # fmt: skip
        if code is not None and done.returncode != code:
            log = self.directory / "daemon.log"
            tail = log.read_text()[-3000:] if log.exists() else ""
            raise AssertionError(
                f"virtctl {' '.join(words)}: exit {done.returncode}, expected {code}\n"
                f"{done.stdout}{done.stderr}--- daemon.log\n{tail}"
            )
        return done

    def look(self) -> None:
        """Remember which pods it has: their network namespaces do not tell whose they are."""
        self.pods |= {file.name for file in self.directory.glob("nodes/*/pods/*")}

    def popen(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "virtctl", *words],
            env=self.environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def kubectl(self, *words: str) -> str:
        done = subprocess.run(
            ["kubectl", *words], env=self.environ, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"kubectl {' '.join(words)}: {done.stderr}"
        return done.stdout

    def up(self, *words: str) -> None:
        self.run("local", "up", "--listen", f"127.0.0.1:{self.port}", *words)

    def down(self) -> None:
        self.run("local", "down", "--delete", "--grace", "1s", code=None)

    @property
    def pid(self) -> int:
        return json.loads((self.directory / "daemon.pid").read_text())["pid"]

    def kill(self) -> None:
        """SIGKILL the daemon, and wait until it is gone with all that it had open."""
        process = os.pidfd_open(self.pid)
        try:
            signal.pidfd_send_signal(process, signal.SIGKILL)
            assert select.select([process], [], [], 60)[0], "the daemon does not end"
        finally:
            os.close(process)

    def get(self, kind: str, name: str, namespace: str = "default") -> dict:
        return json.loads(self.run("get", kind, name, "-n", namespace, "-o", "json").stdout)

    def apply(self, text: str) -> None:
        self.run("apply", "-f", "-", stdin=text)

    def machine(self, name: str, **changes: str) -> str:
        """The template's first machine by another name, with our key in its seed."""
        text = (ROOT / "templates/vm/fedora-0.yaml").read_text().replace("fedora-0", name)
        text = text.replace(
            "              ssh_pwauth: true\n",
            "              ssh_pwauth: true\n"
            f"              ssh_authorized_keys: ['{self.public_key}']\n",
        )
        for old, new in changes.items():
            text = text.replace(old, new)
        return text

    def ssh(self, name: str, command: str, code: int | None = 0) -> str:
        done = self.run("ssh", name, "-l", "root", "-i", str(self.key), "-c", command, code=code)
        return done.stdout


def until(what: Callable[[], object], awaited: str, seconds: float = 400) -> object:
    """The first true answer of ``what``."""
    deadline = time.monotonic() + seconds
    while not (answer := what()):
        assert time.monotonic() < deadline, f"{awaited} did not come within {seconds} s"
        time.sleep(0.1)
    return answer


def traces(instance: Instance) -> list[str]:
    """What of an instance the host still has: namespaces, links, rules, routes, mounts, processes.

    Other instances, and who knows what else, may come and go meanwhile: only names of this one
    count, and not four digits of an address that happen to be those of its suffix.
    """
    directory = re.escape(str(instance.directory))
    suffix = InstanceLayout(instance.directory).suffix
    ours = re.compile(rf"(?<=[-l]){suffix}(?![0-9a-f])|{directory}(?![^/])")
    commands = (
        ("ip", "netns"), ("ip", "-br", "link"), ("nft", "list", "ruleset"),
        ("ip", "route"), ("ip", "-6", "route"), ("findmnt", "-rno", "TARGET"),
    )  # fmt: skip
    found = [
        line
        for argv in commands
        for line in subprocess.run(
            argv, capture_output=True, text=True, check=True
        ).stdout.splitlines()
        if ours.search(line) or instance.pods & set(re.split(r"[\s/]", line))
    ]
    return found + processes(instance.directory)


def processes(directory: Path) -> list[str]:
    """Command lines of processes that have to do with an instance."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if f"{directory}/" in f"{line} ".replace(" ", "/") and "-m pytest" not in line:
            found.append(line)
    return found
