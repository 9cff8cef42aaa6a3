"""Seeds as ops."""

import json

from launcher.cloudinit.seeds import seed_files, seed_plan, tagged_seed_plan, tells_tags
from launcher.facts import HostFacts
from launcher.ops.files import MakeDirectory, WriteFile
from launcher.ops.images import MakeIso
from launcher.spec import CloudInit
from tests.fakes.machines import disk, machine, nic

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


DOMAIN = """<domain><devices>
<interface><alias name="ua-default"/><mac address="02:00:00:00:00:07"/>
  <address type="pci" domain="0x0000" bus="0x01" slot="0x00" function="0x0"/></interface>
</devices></domain>"""


def test_a_config_drive_tells_of_devices_with_tags() -> None:
    seed = disk("b", CloudInit(flavour="configDrive", user_data="y"))
    spec = machine(disks=(seed,), nics=(nic(tag="lan"),))
    assert tells_tags(spec)
    _, made = tagged_seed_plan(spec, HostFacts(), DOMAIN)
    assert isinstance(made, MakeIso)
    assert made.path.endswith("/configdrive.iso")
    assert json.loads(made.files["openstack/latest/meta_data.json"])["devices"] == [
        {
            "type": "nic",
            "bus": "pci",
            "address": "0000:01:00.0",
            "mac": "02:00:00:00:00:07",
            "tags": ["lan"],
        }
    ]


def test_without_tags_or_a_config_drive_there_is_nothing_to_tell() -> None:
    other = disk("a", CloudInit(flavour="noCloud", user_data="x"))
    drive = disk("b", CloudInit(flavour="configDrive", user_data="y"))
    assert not tells_tags(machine(disks=(other,), nics=(nic(tag="lan"),)))
    assert not tells_tags(machine(disks=(drive,), nics=(nic(),)))
    assert tagged_seed_plan(machine(disks=(drive,), nics=(nic(),)), HostFacts(), DOMAIN) == ()


def test_ignition() -> None:
    assert seed_plan(machine(ignition="{}")) == (
        WriteFile(path=f"{ROOM}/ignition-data/shop/web/data.ign", content=b"{}"),
    )
