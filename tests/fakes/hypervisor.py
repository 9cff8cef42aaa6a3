"""A hypervisor in memory, with events: one domain that does what it is told, or fails as told."""

import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree as ET

from launcher.errors import AgentError, HypervisorError
from launcher.system.hypervisor import Event, EventKind, Reason, Sending
from tests.fakes.guest import FakeGuest

XML = """<domain type='{type}'>
  <os><type arch='x86_64' machine='pc-q35-10.0'>hvm</type></os>
  <devices>
    <interface type='ethernet'>
      <mac address='02:b3:f0:00:00:01'/><target dev='tap0'/><alias name='ua-default'/>
    </interface>
    <disk type='file'><target dev='vda'/><alias name='ua-rootdisk'/></disk>
  </devices>
</domain>"""


@dataclass
class FakeHypervisor:
    """``Hypervisor``. ``obedient`` is whether the guest powers off when asked to."""

    listener: Callable[[Event], None]
    guest: FakeGuest = field(default_factory=FakeGuest.ordinary)
    obedient: bool = True
    agent_refuses: bool = False
    refuses: str = ""  # why devices cannot be plugged in
    failures: list[str] = field(default_factory=list)  # of the next starts
    status: str = "running"
    calls: list[str] = field(default_factory=list)
    plugged: list[str] = field(default_factory=list)  # the XML of devices
    defined: str = ""
    active: bool = False
    job_ends: list[str | None] = field(default_factory=list)  # what is said of a job, in turn
    came: bytes = b""  # the stream of a guest
    looks: int = 1  # how often the stream's head is read before all of it is
    sent: list[Sending] = field(default_factory=list)  # what is said of sending, in turn

    def define(self, xml: str) -> None:
        self.calls.append("define")
        self.defined = xml

    def undefine(self) -> None:
        self.calls.append("undefine")

    def start(self, *, paused: bool) -> None:
        self.calls.append("start")
        if self.failures:
            raise HypervisorError(self.failures.pop(0))
        self.active = True
        self.tell(EventKind.STARTED)
        if paused:
            self.tell(EventKind.SUSPENDED, Reason.ASKED)

    def suspend(self) -> None:
        self.calls.append("suspend")
        self.tell(EventKind.SUSPENDED, Reason.ASKED)

    def resume(self) -> None:
        self.calls.append("resume")
        self.tell(EventKind.RESUMED)

    def shutdown(self) -> None:
        self.calls.append("shutdown")
        if self.obedient:
            self.tell(EventKind.SHUT_DOWN)
            self.end(Reason.GUEST)

    def reboot(self, *, agent: bool) -> None:
        self.calls.append("reboot by agent" if agent else "reboot by acpi")
        if agent and self.agent_refuses:
            raise HypervisorError("guest agent command failed")
        self.tell(EventKind.REBOOTED)

    def reset(self) -> None:
        self.calls.append("reset")

    def destroy(self) -> None:
        self.calls.append("destroy")
        if self.active:
            self.end(Reason.ASKED)

    def attach(self, xml: str) -> None:
        self.calls.append("attach")
        if self.refuses:
            raise HypervisorError(self.refuses)
        self.plugged.append(xml)

    def detach(self, alias: str) -> None:
        self.calls.append(f"detach {alias}")
        if self.obedient:
            self.listener(Event(EventKind.UNPLUGGED, device=alias))

    def update(self, xml: str) -> None:
        self.calls.append("update")
        self.plugged.append(xml)

    def set_vcpus(self, count: int) -> None:
        self.calls.append(f"{count} vcpus")

    def resize(self, target: str, size: int) -> None:
        self.calls.append(f"{target} {size}")

    def running(self) -> bool:
        return self.active

    def xml(self) -> str:
        return XML.format(type="kvm" if "kvm" in self.defined else "qemu")

    def run_status(self) -> str:
        return self.status

    def screenshot(self) -> bytes:
        return b"\x89PNG"

    def balloon(self) -> dict[str, int]:
        return {"actual": 262144}

    def begin_backup(self, xml: str, checkpoint: str = "") -> None:
        """A job that writes a sector of zeros to each of its targets, as a qcow2."""
        self.calls.append("backup with a checkpoint" if checkpoint else "backup")
        if self.refuses:
            raise HypervisorError(self.refuses)
        self.plugged += [xml, checkpoint] if checkpoint else [xml]
        for target in ET.fromstring(xml).iterfind("disks/disk/target"):
            path = Path(target.get("file", ""))
            argv = ["qemu-img", "create", "-q", "-f", "qcow2", path, "1M"]
            subprocess.run(argv, check=True)

    def backup_end(self) -> str | None:
        return self.job_ends.pop(0) if self.job_ends else ""

    def abort_backup(self) -> None:
        self.calls.append("abort")
        self.job_ends = ["backup aborted"]

    def redefine_checkpoint(self, name: str, xml: str) -> None:
        self.calls.append(f"redefine {name}")
        if self.refuses:
            raise HypervisorError(self.refuses)
        self.plugged.append(xml)

    def dump(self, path: str) -> None:
        Path(path).write_bytes(b"\x7fELF")
        if self.refuses:
            raise HypervisorError(self.refuses)

    def movable(self) -> str:
        return self.xml()

    def receive(self, path: str) -> None:
        for _ in range(self.looks):
            with Path(path).open("rb") as stream:
                stream.read(32)
        with Path(path).open("rb") as stream:
            self.came = stream.read(32)
            self.active = True
            self.came += stream.read()
        if not self.came.endswith(b"guest"):
            self.active = False
            raise HypervisorError("the stream ended early")
        self.tell(EventKind.STARTED)

    def send(self, fd: int, bandwidth: int, auto_converge: bool) -> None:
        self.calls.append(f"send {bandwidth} {auto_converge}")
        if self.refuses:
            raise HypervisorError(self.refuses)
        os.write(fd, b"guest")

    def sending(self) -> Sending:
        return self.sent.pop(0) if len(self.sent) > 1 else self.sent[0]

    def stop_sending(self) -> None:
        self.calls.append("stop sending")
        self.sent = [Sending("cancelled")]

    def agent(self, request: str, timeout: int) -> str:
        if not self.active:
            raise AgentError("the domain is not running")
        return self.guest.answer(request)

    def tell(self, kind: EventKind, reason: Reason = Reason.NONE) -> None:
        """Let something happen."""
        self.listener(Event(kind, reason))

    def end(self, reason: Reason) -> None:
        """Let QEMU end."""
        self.active = False
        self.tell(EventKind.STOPPED, reason)
