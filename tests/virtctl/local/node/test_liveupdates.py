import msgspec
import pytest

from launcher.lifecycle import Command
from launcher.spec import (
    Bridge,
    Claim,
    Cpu,
    DiskDevice,
    Elsewhere,
    EmptyDisk,
    Memory,
    Nic,
    NoMedium,
    Password,
    Topology,
)
from launcher.state import DiskState, MachineState, NicState, Stage
from tests.fakes.machines import disk, machine, nic
from virtctl.local.node import liveupdates

CREDENTIALS = (Command.CREDENTIALS, {})
ROOT = DiskState(name="root", target="vda")
DEFAULT = NicState(name="default", sources=("domain",))


def state(**facts):
    given = {"disks": (ROOT,), "nics": (DEFAULT,), "vcpus": 1, "memory": 256 << 20}
    return MachineState(uid="u", stage=Stage.RUNNING, **{**given, **facts})


def wished(now=None, arrived=("blue",), **changes):
    wanted = machine(**{"disks": (disk(),), "nics": (nic(),), **changes})
    return [
        (wish.command, dict(wish.arguments))
        for wish in liveupdates.wishes(wanted, now or state(), arrived)
        if (wish.command, wish.arguments) != CREDENTIALS
    ]


def test_a_machine_that_is_as_wanted():
    assert wished() == []


def test_disks_that_came_and_went():
    data = disk("data", Claim(path="/c/disk.img"), hotplugged=True)
    ((command, arguments),) = wished(disks=(disk(), data))
    assert command is Command.PLUG_DISK
    assert msgspec.convert(arguments["disk"], type(data)) == data
    there = state(disks=(ROOT, DiskState(name="data", target="sda", hotplugged=True)))
    assert wished(there, disks=(disk(), data)) == []
    assert wished(there) == [(Command.UNPLUG, {"name": "data"})]


def test_what_was_there_at_the_start_stays():
    assert wished(state(disks=(ROOT, DiskState(name="seed", target="vdb")))) == []
    late = disk("late", EmptyDisk(capacity=1), hotplugged=True)
    assert wished(disks=(disk(), late)) == []


def test_media_that_came_and_went():
    drive = disk("cd", NoMedium(), device=DiskDevice.CDROM)
    medium = disk("cd", Claim(path="/c/disk.img"), device=DiskDevice.CDROM, hotplugged=True)
    empty = state(disks=(ROOT, DiskState(name="cd", target="sda", empty=True)))
    full = state(disks=(ROOT, DiskState(name="cd", target="sda", hotplugged=True)))
    ((command, _),) = wished(empty, disks=(disk(), medium))
    assert command is Command.PLUG_DISK
    assert wished(full, disks=(disk(), medium)) == []
    assert wished(full, disks=(disk(), drive)) == [(Command.UNPLUG, {"name": "cd"})]
    assert wished(empty, disks=(disk(), drive)) == []


def test_nics_that_came_and_went():
    blue = Nic(name="blue", pod_nic="pod1", binding=Bridge(), primary=False)
    ((command, arguments),) = wished(nics=(nic(), blue))
    assert command is Command.PLUG_NIC
    assert msgspec.convert(arguments["nic"], Nic) == blue
    assert wished(nics=(nic(), blue), arrived=()) == []
    gone = msgspec.structs.replace(blue, state="absent")
    assert wished(nics=(nic(), gone)) == []
    there = state(nics=(DEFAULT, NicState(name="blue", sources=("domain",))))
    assert wished(there, nics=(nic(), gone)) == [(Command.UNPLUG, {"name": "blue"})]
    assert wished(nics=(nic(), Nic(name="vf", pod_nic="x", binding=Elsewhere()))) == []


@pytest.mark.parametrize("down", [True, False])
def test_a_cable(down):
    now = state(nics=(NicState(name="default", sources=("domain",), link_up=down),))
    asked = {"name": "default", "up": not down}
    assert wished(now, nics=(nic(state="down" if down else ""),)) == [(Command.LINK, asked)]


def test_cpus_and_memory():
    cpu = Cpu(topology=Topology(sockets=2, cores=2), max_sockets=4)
    memory = Memory(guest=512 << 20, max_guest=1 << 30)
    assert wished(state(vcpus=2), cpu=cpu, memory=memory) == [
        (Command.SOCKETS, {"sockets": 2}),
        (Command.MEMORY, {"size": 512 << 20}),
    ]
    assert wished(state(vcpus=4, memory=512 << 20), cpu=cpu, memory=memory) == []


def test_credentials_are_compared_by_what_they_are():
    bob = machine(passwords=(Password(user="bob", password="x"),))
    assert liveupdates.credentials(bob) == liveupdates.credentials(bob)
    assert liveupdates.credentials(bob) != liveupdates.credentials(machine())
    assert liveupdates.credentials(bob) in liveupdates.wishes(bob, state())


def test_volumes_that_came_later_have_arrived():
    late = {"hotpluggable": True}
    names = ("root", "data", "new")
    vmi = {
        "spec": {
            "volumes": [
                {"name": "root"},
                {"name": "data", "persistentVolumeClaim": late},
                {"name": "new", "persistentVolumeClaim": late},
            ],
            "domain": {"devices": {"disks": [{"name": name, "disk": {}} for name in names]}},
        },
        "status": {
            "volumeStatus": [
                {"name": "root", "target": "vda"},
                {"name": "data", "hotplugVolume": {}, "phase": "AttachedToNode"},
                {"name": "new", "hotplugVolume": {}, "phase": "Pending"},
            ]
        },
    }
    made = liveupdates.as_arrived(vmi)
    assert made["status"]["volumeStatus"][1]["phase"] == "Ready"
    assert [one["name"] for one in made["spec"]["volumes"]] == ["root", "data"]
    assert [one["name"] for one in made["spec"]["domain"]["devices"]["disks"]] == ["root", "data"]
    assert vmi["status"]["volumeStatus"][1]["phase"] == "AttachedToNode"
