from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from launcher.errors import HypervisorError, LauncherError, SpecError
from launcher.spec import (
    Bridge,
    Claim,
    Cpu,
    Disk,
    DiskDevice,
    EmptyDisk,
    Memory,
    Nic,
    NoMedium,
)
from launcher.state import Stage
from launcher.system.control import Command
from launcher.system.hypervisor import Event, EventKind
from launcher.system.requests import Requests
from tests.fakes.eventually import eventually
from tests.fakes.specs import machine
from tests.launcher.system.test_machine import FakeSurroundings, Stand

DATA = Disk(name="data", index=0, source=Claim(path="/claims/data/disk.img"), bus="scsi")
BLUE = Nic(name="blue", pod_nic="pod1", binding=Bridge(), primary=False)


class Plugged(Stand):
    def __init__(self, tmp_path: Path) -> None:
        self.wires = FakeSurroundings()
        spec = machine(cpu=Cpu(max_sockets=4), memory=Memory(guest=1 << 30, max_guest=4 << 30))
        super().__init__(tmp_path, spec, self.wires)

    @property
    def disks(self) -> list[str]:
        return [disk.name for disk in self.machine.spec.disks]


@pytest.fixture
async def stand(tmp_path: Path) -> AsyncIterator[Plugged]:
    made = Plugged(tmp_path)
    await made.at(Stage.RUNNING)
    yield made
    made.machine.shut_down(0)
    await made.end()


async def test_a_disk_comes_and_goes(stand: Plugged) -> None:
    await stand.machine.hotplug.plug_disk(DATA)
    assert stand.hypervisor.plugged == ["<disk>data</disk>"]
    assert (stand.disks, stand.wires.wired) == (["rootdisk", "data"], ["data"])
    assert stand.machine.spec.disks[1].hotplugged
    await stand.machine.hotplug.unplug("data")
    await eventually(lambda: stand.disks == ["rootdisk"])
    assert (stand.hypervisor.calls[-1], stand.wires.wired) == ("detach ua-data", [])


async def test_a_guest_may_keep_a_device(stand: Plugged) -> None:
    await stand.machine.hotplug.plug_disk(DATA)
    stand.hypervisor.obedient = False
    await stand.machine.hotplug.unplug("data")
    stand.hypervisor.listener(Event(EventKind.KEPT, device="ua-data"))
    await stand.machine.refresh()
    assert (stand.disks, stand.wires.wired) == (["rootdisk", "data"], ["data"])


async def test_what_qemu_refuses_is_taken_back(stand: Plugged) -> None:
    stand.hypervisor.refuses = "no more available PCI slots"
    for plug in (stand.machine.hotplug.plug_disk(DATA), stand.machine.hotplug.plug_nic(BLUE)):
        with pytest.raises(HypervisorError, match="no more available PCI slots"):
            await plug
    assert (stand.disks, stand.wires.wired) == (["rootdisk"], [])
    assert [nic.name for nic in stand.machine.spec.nics] == ["default"]


async def test_a_nic_comes_and_goes_and_comes_again(stand: Plugged) -> None:
    for _ in range(2):
        await stand.machine.hotplug.plug_nic(BLUE)
        assert stand.wires.wired == ["blue"]
        await stand.machine.hotplug.unplug("blue")
        await eventually(lambda: not stand.wires.wired)
        assert [nic.state for nic in stand.machine.spec.nics] == ["", "absent"]


async def test_names_are_used_once_and_must_be_known(stand: Plugged) -> None:
    hotplug = stand.machine.hotplug
    with pytest.raises(SpecError, match="of this name already"):
        await hotplug.plug_disk(msgspec.structs.replace(DATA, name="rootdisk"))
    with pytest.raises(SpecError, match="no such disk or NIC"):
        await hotplug.unplug("other")
    with pytest.raises(SpecError, match="only claims"):
        await hotplug.plug_disk(msgspec.structs.replace(DATA, source=EmptyDisk(capacity=1)))


async def test_commands(stand: Plugged) -> None:
    ask = Requests(stand.machine)
    await ask(Command.PLUG_DISK, {"disk": msgspec.to_builtins(DATA)})
    await ask(Command.PLUG_NIC, {"nic": msgspec.to_builtins(BLUE)})
    await ask(Command.UNPLUG, {"name": "data"})
    await ask(Command.LINK, {"name": "default", "up": False})
    await ask(Command.SOCKETS, {"sockets": 3})
    await ask(Command.MEMORY, {"size": 2 << 30})
    assert stand.hypervisor.calls[-6:] == [
        "attach", "attach", "detach ua-data", "update", "3 vcpus", "attach",
    ]  # fmt: skip
    assert '<link state="down">' in stand.hypervisor.plugged[2]
    with pytest.raises(LauncherError, match="missing required field `name`"):
        await ask(Command.UNPLUG, {})
    with pytest.raises(SpecError, match="not between 1 and 4"):
        await ask(Command.SOCKETS, {"sockets": 5})


CD = Disk(name="cd", index=0, source=NoMedium(), device=DiskDevice.CDROM, bus="sata")
DRIVE = """<domain><devices><disk type='block' device='cdrom'><target dev='sda'/>
  <alias name='ua-cd'/></disk></devices></domain>"""


async def test_a_medium_is_put_in_and_taken_out(
    stand: Plugged, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = stand.machine.spec
    stand.machine.spec = msgspec.structs.replace(spec, disks=(*spec.disks, CD))
    monkeypatch.setattr(stand.hypervisor, "xml", lambda: DRIVE)
    medium = msgspec.structs.replace(CD, source=Claim(path="/claims/cd/disk.img"))
    await stand.machine.hotplug.plug_disk(medium)
    assert '<source file="/shown/cd">' in stand.hypervisor.plugged[-1]
    assert stand.wires.wired == ["cd"]
    assert stand.machine.spec.disks[-1].hotplugged
    with pytest.raises(SpecError, match="already"):
        await stand.machine.hotplug.plug_disk(medium)
    await stand.machine.hotplug.unplug("cd")
    assert "source" not in stand.hypervisor.plugged[-1]
    assert (stand.wires.wired, stand.machine.spec.disks[-1]) == ([], CD)


async def test_a_medium_that_is_refused_is_not_shown(
    stand: Plugged, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = stand.machine.spec
    stand.machine.spec = msgspec.structs.replace(spec, disks=(*spec.disks, CD))
    monkeypatch.setattr(stand.hypervisor, "xml", lambda: "<domain/>")
    medium = msgspec.structs.replace(CD, source=Claim(path="/claims/cd/disk.img"))
    with pytest.raises(SpecError, match="no such drive"):
        await stand.machine.hotplug.plug_disk(medium)
    assert stand.wires.wired == []
