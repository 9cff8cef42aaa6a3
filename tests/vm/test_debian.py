"""The Debian guest with the real cloud-init: built, booted once in a served network."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from launcher import imaging
from launcher.system import process
from tests.fakes.emulator import Emulator, emulator
from tests.fakes.servedpod import NETWORK, served_pod

pytestmark = [pytest.mark.vm, pytest.mark.slow, pytest.mark.timeout(1500)]

POD = f"vt-debian-pod-{os.getpid()}"

USER_DATA = """#cloud-config
user: fedora
password: fedora
chpasswd: { expire: False }
ssh_pwauth: true
ssh_authorized_keys: [ KEY ]
runcmd:
  - [ sh, -c, "hostname > /run/ran" ]
"""

NETWORK_DATA = """version: 2
ethernets:
  primary:
    match: { macaddress: "02:b3:f0:00:00:45" }
    dhcp4: true
    dhcp6: true
  eth1:
    addresses: [ 172.17.33.250/24 ]
"""


@pytest.fixture(scope="module")
def guest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    home = tmp_path_factory.mktemp("debian")
    imaging.build_debian(home / "debian.qcow2", home)
    process.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", home / "key"])
    seed = {
        "user-data": USER_DATA.replace("KEY", (home / "key.pub").read_text().strip()),
        "meta-data": json.dumps({"instance-id": "fedora-0", "local-hostname": "fedora-0"}),
        "network-config": NETWORK_DATA,
    }
    booted = emulator(
        home, home / "debian.qcow2", seed=seed, network=NETWORK, netns=POD, memory=1024, cpus=2
    )
    with served_pod(POD), booted as found:
        found.console.expect("fedora-0 login: ", 180)
        found.console.send("")
        found.console.login("fedora", "fedora")
        found.console.run("bind 'set enable-bracketed-paste off'")
        yield found


def test_cloud_init_ends_well(guest: Emulator) -> None:
    assert "status: done" in guest.console.run("cloud-init status --wait", 120)
    assert guest.console.run("cat /run/ran") == "fedora-0\n"


def test_addresses(guest: Emulator) -> None:
    text = guest.console.run("ip -color=never -br a")
    assert "10.0.2.2/24" in text
    assert "fd10:0:2::2/128" in text
    assert "172.17.33.250/24" in text
    assert "default via 10.0.2.1" in guest.console.run("ip -color=never r")
    routes = guest.console.run("ip -color=never -6 r")
    assert re.search(r"default (nhid \d+ )?via fe80::ff:fe00:0 dev eth0", routes)


def test_ssh(guest: Emulator, tmp_path: Path) -> None:
    key = next(tmp_path.parent.glob("debian*/key"))
    options = [
        "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
        "-o", "BatchMode=yes", "-F", "none", "-i", str(key),
    ]  # fmt: skip
    argv = ["ssh", *options, "fedora@10.0.2.2", "sudo id -un"]
    assert process.run(argv, netns=POD, timeout=60).stdout == "root\n"


def test_agent(guest: Emulator) -> None:
    assert guest.agent("guest-get-host-name") == {"host-name": "fedora-0"}
    system = guest.agent("guest-get-osinfo")
    assert isinstance(system, dict)
    assert system["id"] in {"debian", "ubuntu"}


def test_power_button(guest: Emulator) -> None:
    """The last test: the guest is gone afterwards."""
    guest.monitor("system_powerdown")
    assert guest.child.wait(90) == 0
