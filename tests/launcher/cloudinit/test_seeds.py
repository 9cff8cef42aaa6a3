"""Seeds as ops."""

from launcher.cloudinit.seeds import seed_files, seed_plan
from launcher.ops.files import MakeDirectory, WriteFile
from launcher.ops.images import MakeIso
from launcher.spec import CloudInit
from tests.fakes.machines import disk, machine

ROOM = "/var/run/kubevirt-ephemeral-disks"


def test_no_seed_no_ops() -> None:
    assert seed_plan(machine(disks=(disk(),))) == ()
    assert seed_files(machine(disks=(disk(),))) == {}


def test_one_iso_for_each_seed() -> None:
    spec = machine(
        disks=(
            disk("a", CloudInit(flavour="noCloud", user_data="x")),
            disk("b", CloudInit(flavour="configDrive", user_data="y")),
        )
    )
    place = f"{ROOM}/cloud-init-data/shop/web"
    made, first, _, second = seed_plan(spec)
    assert made == MakeDirectory(path=place)
    assert isinstance(first, MakeIso)
    assert (first.path, first.label) == (f"{place}/noCloud.iso", "cidata")
    assert (second.path, second.label) == (f"{place}/configdrive.iso", "config-2")
    assert seed_files(spec)["a"] == first.files


def test_ignition() -> None:
    assert seed_plan(machine(ignition="{}")) == (
        WriteFile(path=f"{ROOM}/ignition-data/shop/web/data.ign", content=b"{}"),
    )
