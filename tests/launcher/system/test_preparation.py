from pathlib import Path

import msgspec
import pytest

from launcher.errors import HostError, SpecError
from launcher.facts import HostFacts
from launcher.layout import MachineLayout
from launcher.net.bindings import Attachment, PodNet
from launcher.net.model import Address
from launcher.spec import Claim, Disk, Memory, Nic, NoMedium, Passt, PciPlacement, Port
from launcher.system import preparation
from launcher.system.preparation import PodSurroundings
from tests.fakes.hypervisor import FakeHypervisor
from tests.fakes.specs import MAC, UID, machine

ATTACHMENT = Attachment(
    name="default",
    pod_nic="eth0",
    mac="0a:58:0a:f4:01:05",
    mtu=1400,
    addresses=(Address.parse("10.244.1.5/24"), Address.parse("fd10:244:0:1::5/64")),
    bridge="k6t-eth0",
    bridge_mac="02:00:00:00:00:00",
    tap="tap0",
)


class Recorder(FakeHypervisor):
    """Keeps every XML that is defined, and gives the last one back as libvirt would."""

    def __init__(self) -> None:
        super().__init__(lambda _: None)
        self.texts: list[str] = []

    def define(self, xml: str) -> None:
        self.texts.append(xml)

    def xml(self) -> str:
        return self.texts[-1]


def surroundings(tmp_path: Path, **changes: object) -> PodSurroundings:
    place = MachineLayout(root=tmp_path, uid=UID, caps_cache=tmp_path)
    place.hosts.write_text("127.0.0.1 localhost\n")
    made = PodSurroundings(machine(**changes), HostFacts(), place)
    made._network = PodNet(attachments=(ATTACHMENT,))
    return made


def test_the_domain_is_plugged_into_the_pods_tap(tmp_path: Path) -> None:
    found = Recorder()
    surroundings(tmp_path).define(machine(), found)
    assert '<target dev="tap0" managed="no">' in found.texts[-1]
    assert f'<mac address="{MAC}">' in found.texts[-1]
    assert '<mtu size="1400">' in found.texts[-1]


def test_ports_for_later_are_found_out_by_defining_twice(tmp_path: Path) -> None:
    found = Recorder()
    surroundings(tmp_path).define(machine(memory=Memory(guest=4 << 30)), found)
    first, last = found.texts
    assert "placeholder-0" in first
    assert "placeholder" not in last
    assert "pcie-root-port" in last


def test_without_ports_once_is_enough(tmp_path: Path) -> None:
    spec, found = machine(pci=PciPlacement(root_complex=True)), Recorder()
    surroundings(tmp_path).define(spec, found)
    assert len(found.texts) == 1


def test_the_pod_has_addresses_and_finds_itself(tmp_path: Path) -> None:
    made = surroundings(tmp_path, subdomain="vms")
    assert made.pod_addresses("default") == ("10.244.1.5", "fd10:244:0:1::5")
    assert made.pod_addresses("other") == ()
    made._name_pod()
    assert (tmp_path / "hosts").read_text().splitlines()[1:] == [
        "10.244.1.5 fedora-0.vms fedora-0",
        "fd10:244:0:1::5 fedora-0.vms fedora-0",
    ]


async def test_more_files_than_passt_may_open_are_refused_before_anything_is_made(
    tmp_path: Path,
) -> None:
    # More than any kernel lets a process have.
    ports = (Port(port=1, last=65535),) * 20_000
    nic = Nic(name="default", pod_nic="eth0", binding=Passt(), ports=ports)
    steps: list[str] = []
    with pytest.raises(SpecError, match=r"interfaces\[default\].ports: passt listens"):
        await surroundings(tmp_path, nics=(nic,)).prepare(steps.append)
    assert steps == []


def test_a_claim_that_comes_later_is_opened_where_it_is_bound(tmp_path: Path) -> None:
    made = surroundings(tmp_path)
    disk = Disk(
        name="data",
        index=1,
        source=Claim(path=str(tmp_path / "gone.img")),
        bus="virtio",
        hotplugged=True,
    )
    with pytest.raises(HostError, match=r"cannot show `.*gone.img` to the guest"):
        made.plug_disk(machine(), disk)
    with pytest.raises(SpecError, match="only claims"):
        made.plug_disk(machine(), msgspec.structs.replace(disk, source=NoMedium()))
    made.drop_disk(disk)


class FakeLoop:
    """A loop device of no kernel."""

    def __init__(self, problem: str = "") -> None:
        self.calls: list[str] = []
        self._problem = problem

    def show(self, target: Path, owner: int) -> None:
        if self._problem:
            raise HostError(self._problem)
        self.calls.append(f"{target} for {owner}")

    def grow(self) -> None:
        self.calls.append("grown")

    def close(self) -> None:
        self.calls.append("closed")


def test_a_claim_in_block_mode_comes_as_a_device(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop, asked = FakeLoop(), []
    monkeypatch.setattr(
        preparation.loops, "attach", lambda file, read_only: asked.append(file) or loop
    )
    monkeypatch.setattr(preparation.layout, "INSIDE_PUBLIC", tmp_path)
    made = surroundings(tmp_path)
    file = tmp_path / "disk.img"
    file.touch()
    raw = Claim(path=str(file), block=True, loop=True)
    disk = Disk(name="raw", index=1, source=raw, hotplugged=True)
    path = made.show_disk(disk)
    assert path == str(tmp_path / "hotplug-disks/raw")
    assert asked == [file]
    made.grow_disk(disk)
    made.drop_disk(disk)
    made.drop_disk(disk)
    assert loop.calls == [f"{path} for {HostFacts().qemu_user}", "grown", "closed"]


def test_a_device_that_cannot_be_shown_is_let_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = FakeLoop("no room")
    monkeypatch.setattr(preparation.loops, "attach", lambda *_, **__: loop)
    raw = Claim(path="/c/disk.img", block=True, loop=True)
    with pytest.raises(HostError, match="no room"):
        surroundings(tmp_path).show_disk(Disk(name="raw", index=1, source=raw, hotplugged=True))
    assert loop.calls == ["closed"]
