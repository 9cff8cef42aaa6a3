"""Files of cloud-init seeds."""

import json

import pytest

from launcher.cloudinit import trees
from launcher.errors import SpecError
from launcher.spec import CloudInit, SshKeys
from tests.fakes.machines import machine

KEYS = (
    SshKeys(keys=("ssh-ed25519 A", "ssh-ed25519 B")),
    SshKeys(keys=("ssh-ed25519 C",), via="agent", users=("root",)),
    SshKeys(keys=("ssh-ed25519 D",)),
)
NUMBERED = {"0": "ssh-ed25519 A", "1": "ssh-ed25519 B", "2": "ssh-ed25519 D"}


def seed(**changes) -> CloudInit:
    return CloudInit(**{"flavour": "noCloud", "user_data": "#cloud-config\n", **changes})


def test_no_cloud() -> None:
    found = trees.files(machine(), seed())
    assert list(found) == ["meta-data", "user-data"]
    assert json.loads(found["meta-data"]) == {
        "instance-id": machine().firmware.uuid,
        "local-hostname": "web",
    }
    assert found["user-data"] == b"#cloud-config\n"


def test_no_cloud_with_everything() -> None:
    spec = machine(ssh_keys=KEYS, instance_type="u1.small")
    found = trees.files(spec, seed(network_data="version: 2\n"))
    assert found["network-config"] == b"version: 2\n"
    metadata = json.loads(found["meta-data"])
    assert metadata["public-keys"] == NUMBERED
    assert metadata["instance-type"] == "u1.small"


def test_config_drive() -> None:
    spec = machine(ssh_keys=KEYS)
    found = trees.files(spec, seed(flavour="configDrive", network_data="{}"))
    room = "openstack/latest"
    assert sorted(found) == [
        f"{room}/meta_data.json", f"{room}/network_data.json", f"{room}/user_data",
    ]  # fmt: skip
    assert json.loads(found[f"{room}/meta_data.json"]) == {
        "instance_id": "web.shop",
        "hostname": "web",
        "uuid": spec.firmware.uuid,
        "public_keys": NUMBERED,
    }


def test_each_seed_brings_its_own_keys() -> None:
    spec = machine(
        ssh_keys=(SshKeys(keys=("a",), via="noCloud"), SshKeys(keys=("b",), via="configDrive"))
    )
    assert trees.public_keys(spec, "noCloud") == {"0": "a"}
    assert trees.public_keys(spec, "configDrive") == {"0": "b"}


def test_metadata_is_written_as_virt_launcher_writes_it() -> None:
    many = SshKeys(keys=("<a@b> & c\n", *"bcdefghijk"))
    spec = machine(ssh_keys=(many,), instance_type="u1")
    text = trees.files(spec, seed())["meta-data"].decode()
    assert text.startswith('{"instance-type":"u1","instance-id":')
    assert '"0":"\\u003ca@b\\u003e \\u0026 c\\n","1":"b","10":"k","2":"c"' in text
    drive = trees.files(spec, seed(flavour="configDrive"))["openstack/latest/meta_data.json"]
    assert list(json.loads(drive)) == [
        "instance_type", "instance_id", "hostname", "uuid", "public_keys",
    ]  # fmt: skip


def test_network_data_alone_is_enough() -> None:
    assert trees.files(machine(), seed(user_data="", network_data="x"))["user-data"] == b""


def test_an_empty_seed_is_refused() -> None:
    with pytest.raises(SpecError, match="neither user data nor network data"):
        trees.files(machine(), seed(user_data=""))
