"""A guest under plain QEMU without libvirt: its disks, its serial console, its power button."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from launcher.system import process

PROMPT = "# "


class Console:
    """The serial console: what was read so far, and the wish to read more."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._text = ""

    def close(self) -> None:
        self._socket.close()

    def send(self, line: str) -> None:
        self._socket.sendall(f"{line}\r".encode())

    def expect(self, pattern: str, seconds: float = 400) -> str:
        """Read until ``pattern``; returns and forgets all up to its end."""
        deadline = time.monotonic() + seconds
        while not (found := re.search(pattern, self._text)):
            self._socket.settimeout(max(0.01, deadline - time.monotonic()))
            try:
                data = self._socket.recv(4096)
            except TimeoutError:
                data = b""
            if not data:
                raise AssertionError(f"no `{pattern}` in: {self._text[-2000:]}")
            self._text += data.decode(errors="replace")
        text, self._text = self._text[: found.end()], self._text[found.end() :]
        return text

    def login(self, user: str = "root", password: str = "", seconds: float = 400) -> None:
        self.expect(r"login: ", seconds)
        self.send(user)
        if password:
            self.expect("Password: ", seconds)
            self.send(password)
        self.expect(r"[#$] ", seconds)

    def run(self, command: str, seconds: float = 400) -> str:
        """Run a command in the shell; returns what it printed."""
        self.send(f"{command}; echo end-of-$((6*7))")
        text = self.expect(r"end-of-42\r?\n", seconds)
        self.expect(r"[#$] ", seconds)
        # The first line is the echo of the command.
        return text.split("\n", 1)[1].rpartition("end-of-42")[0].replace("\r", "")


class Emulator:
    """A running QEMU; ``monitor`` commands are QMP's."""

    def __init__(self, home: Path, child: process.Spawned) -> None:
        self._home = home
        self.child = child
        self.console = Console(_connect(home / "serial", child, home))

    def monitor(self, command: str) -> None:
        with socket.socket(socket.AF_UNIX) as sock:
            sock.connect(str(self._home / "qmp"))
            with sock.makefile("rw") as file:
                file.readline()
                for each in ("qmp_capabilities", command):
                    file.write(json.dumps({"execute": each}) + "\n")
                    file.flush()
                    file.readline()

    def agent(self, command: str) -> object:
        """Ask the guest agent."""
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(150)
            sock.connect(str(self._home / "agent"))
            with sock.makefile("rw") as file:
                file.write(json.dumps({"execute": command}) + "\n")
                file.flush()
                return json.loads(file.readline())["return"]


@contextmanager
def emulator(
    home: Path,
    disk: Path,
    *,
    seed: Mapping[str, str] | None = None,
    seed_drive: Sequence[str] = ("-drive", "if=virtio,format=raw,readonly=on"),
    network: Sequence[str] = ("-nic", "none"),
    netns: str | None = None,
    memory: int = 128,
    cpus: int = 1,
) -> Iterator[Emulator]:
    """Boot a qcow2 image under TCG; its disk is written to an overlay in ``home``."""
    overlay = home / "overlay.qcow2"
    process.run(["qemu-img", "create", "-q", "-f", "qcow2", "-b", disk, "-F", "qcow2", overlay])
    argv: list[str | Path] = [
        "nice", "qemu-system-x86_64", "-M", "q35", "-accel", "tcg", "-cpu", "max",
        "-m", str(memory), "-smp", str(cpus), "-nodefaults", "-display", "none", "-no-reboot",
        "-drive", f"file={overlay},if=virtio,format=qcow2",
        "-chardev", f"socket,id=serial,path={home / 'serial'},server=on,wait=on",
        "-serial", "chardev:serial",
        "-qmp", f"unix:{home / 'qmp'},server=on,wait=off",
        "-device", "virtio-serial",
        "-chardev", f"socket,id=agent,path={home / 'agent'},server=on,wait=off",
        "-device", "virtserialport,chardev=agent,name=org.qemu.guest_agent.0",
        "-device", "virtio-rng-pci",
        *network,
    ]  # fmt: skip
    if seed is not None:
        image = make_seed(home, seed)
        argv += [*seed_drive[:-1], f"file={image},{seed_drive[-1]}"]
    child = process.spawn(argv, log=home / "qemu.log", netns=netns)
    guest: Emulator | None = None
    try:
        guest = Emulator(home, child)
        yield guest
    finally:
        if guest:
            guest.console.close()
        child.kill()
        child.wait(60)


def make_seed(home: Path, files: Mapping[str, str]) -> Path:
    """A seed with these files: a config drive if one is in ``openstack``, else NoCloud."""
    label = "config-2" if any(name.startswith("openstack/") for name in files) else "cidata"
    source = home / "seed"
    for name, text in files.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(text)
    image = home / "seed.iso"
    process.run(
        ["xorriso", "-as", "mkisofs", "-quiet", "-V", label, "-J", "-r", "-o", image, source]
    )
    return image


def _connect(path: Path, child: process.Spawned, home: Path) -> socket.socket:
    """A connection to the serial console; the guest waits for it."""
    deadline = time.monotonic() + 400
    while True:
        sock = socket.socket(socket.AF_UNIX)
        try:
            sock.connect(str(path))
        except OSError as error:
            sock.close()
            if child.poll() is not None or time.monotonic() > deadline:
                said = (home / "qemu.log").read_text()
                raise AssertionError(f"QEMU did not start: {said}") from error
            time.sleep(0.02)
        else:
            return sock
