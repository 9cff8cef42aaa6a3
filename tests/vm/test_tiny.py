"""The tiny guest: built, booted in a pod's network that we serve, looked at from inside."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from launcher import imaging
from launcher.system import process
from tests.fakes.emulator import Emulator, emulator
from tests.fakes.servedpod import NETWORK, served_pod

pytestmark = [pytest.mark.vm, pytest.mark.timeout(1500)]

POD = f"vt-tiny-pod-{os.getpid()}"

USER_DATA = """#cloud-config
password: "the: word"
chpasswd: { expire: False }
users:
  - default
  - name: bob
    ssh_authorized_keys:
      - {bob}
ssh_authorized_keys: [ "{key}" ]
write_files:
  - path: /etc/motd
    permissions: '0600'
    content: |
      first line
        second \\line
runcmd:
  - echo "one $(hostname)" > /run/ran
  - [ sh, -c, "echo 'two  words' >> /run/ran" ]
"""

NETWORK_DATA = """version: 2
ethernets:
  eth1:
    addresses: [172.17.33.250/24]
    routes:
      - to: 172.18.0.0/16
        via: 172.17.33.1
"""


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Path:
    target = tmp_path_factory.mktemp("tiny") / "tiny.qcow2"
    cache = pytestconfig.cache
    assert cache
    imaging.build_tiny(target, cache.mkdir("guest-packages"))
    return target


@pytest.fixture(scope="module")
def pod() -> Iterator[None]:
    with served_pod(POD):
        yield


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("keys")
    for name in ("key", "bob"):
        process.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", home / name])
    return home


@pytest.fixture(scope="module")
def guest(
    image: Path, pod: None, keys: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Emulator]:
    user_data = USER_DATA
    for name in ("key", "bob"):
        public = (keys / f"{name}.pub").read_text().strip()
        user_data = user_data.replace(f"{{{name}}}", public)
    seed = {
        "user-data": user_data,
        "meta-data": '{"instance-id": "fedora-0.default", "local-hostname": "fedora-0"}',
        "network-config": NETWORK_DATA,
    }
    home = tmp_path_factory.mktemp("guest")
    with emulator(home, image, seed=seed, network=NETWORK, netns=POD) as found:
        found.console.login("root", "the: word")
        yield found


def ssh(keys: Path, user: str, command: str, key: str = "key") -> str:
    options = [
        "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
        "-o", "BatchMode=yes", "-o", "LogLevel=ERROR", "-F", "none", "-i", str(keys / key),
    ]  # fmt: skip
    argv = ["ssh", *options, f"{user}@10.0.2.2", command]
    return process.run(argv, netns=POD, timeout=150).stdout


def eventually(guest: Emulator, command: str, wanted: str, seconds: float = 400) -> str:
    deadline = time.monotonic() + seconds
    while wanted not in (text := guest.console.run(command)):
        assert time.monotonic() < deadline, text
    return text


def test_addresses_by_dhcp(guest: Emulator) -> None:
    text = eventually(guest, "ip addr show dev eth0", "10.0.2.2/24")
    assert "mtu 1400" in text
    assert "link/ether 02:b3:f0:00:00:45" in text
    assert "dynamic" in text
    assert "valid_lft 863" in text
    eventually(guest, "ip link show dev eth0", "altname enp0s")
    routes = guest.console.run("ip r")
    assert "default via 10.0.2.1 dev eth0 proto dhcp src 10.0.2.2" in routes


def test_addresses_by_ipv6(guest: Emulator) -> None:
    eventually(guest, "ip -6 addr show dev eth0", "fd10:0:2::2/128")
    eventually(guest, "ip -6 route", "default via fe80::ff:fe00:0 dev eth0 proto ra")
    assert "1 packets received" in guest.console.run("ping -6 -c1 -W60 fd10:0:2::1")


def test_static_address_by_network_data(guest: Emulator) -> None:
    assert "172.17.33.250/24" in guest.console.run("ip -br a show dev eth1")
    assert "172.18.0.0/16 via 172.17.33.1 dev eth1" in guest.console.run("ip r")


def test_name_service(guest: Emulator) -> None:
    eventually(guest, "cat /etc/resolv.conf", "nameserver fd10:0244:0000:0001:")
    text = guest.console.run("cat /etc/resolv.conf")
    assert "nameserver 10.244.1.1" in text
    assert "search default.svc.cluster.local cluster.local" in text


def test_prompt_and_terminal(guest: Emulator) -> None:
    guest.console.send("stty cols 500 rows 500; dmesg -n 1; echo $?")
    assert "\r\n0\r\nfedora-0:~# " in guest.console.expect(r"fedora-0:~# ")


def test_user_data(guest: Emulator) -> None:
    eventually(guest, "ls /var/lib/cloud/instance/boot-finished", "finished\n")
    assert guest.console.run("cat /run/ran") == "one fedora-0\ntwo  words\n"
    assert guest.console.run("cat /etc/motd") == "first line\n  second \\line\n"
    assert guest.console.run("stat -c %a /etc/motd") == "600\n"
    assert guest.console.run("cat /var/lib/cloud/data/instance-id") == "fedora-0.default\n"
    assert guest.console.run("ls /dev/disk/by-label") == "cidata\n"


def test_ssh(guest: Emulator, keys: Path) -> None:
    del guest
    assert ssh(keys, "root", "uname -n; id -un") == "fedora-0\nroot\n"
    assert "10.0.2.2/24" in ssh(keys, "fedora", "ip -br a; ip r")
    assert ssh(keys, "fedora", "id -un; sudo id -un; sudo -u root sh -c 'echo \"a  b\"'") == (
        "fedora\nroot\na  b\n"
    )
    assert ssh(keys, "bob", "id -un", key="bob") == "bob\n"


def test_copy(guest: Emulator, keys: Path, tmp_path: Path) -> None:
    del guest
    (tmp_path / "sent").write_bytes(b"x" * 100_000)
    options = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"]
    argv = ["scp", "-q", "-F", "none", *options, "-i", str(keys / "key")]
    process.run([*argv, tmp_path / "sent", "fedora@10.0.2.2:there"], netns=POD, timeout=150)
    process.run([*argv, "fedora@10.0.2.2:there", tmp_path / "back"], netns=POD, timeout=150)
    assert (tmp_path / "back").read_bytes() == b"x" * 100_000


def test_netcat_as_others_have_it(guest: Emulator) -> None:
    guest.console.run("(nc -klp 1500 -e echo Hello World >/dev/null 2>&1 &)")
    eventually(guest, "netstat -ltn", ":1500")
    argv = ["busybox", "nc", "-w", "60", "10.0.2.2", "1500"]
    for _ in range(2):
        assert process.run(argv, netns=POD, timeout=150).stdout == "Hello World\n"


def test_agent(guest: Emulator) -> None:
    assert guest.agent("guest-get-host-name") == {"host-name": "fedora-0"}
    system = guest.agent("guest-get-osinfo")
    assert isinstance(system, dict)
    assert system["id"] == "tiny"
    users = guest.agent("guest-get-users")
    assert isinstance(users, list)
    assert [user["user"] for user in users] == ["root"]


def test_power_button(guest: Emulator) -> None:
    """The last test: the guest is gone afterwards."""
    guest.monitor("system_powerdown")
    guest.console.expect("tiny: power button")
    assert guest.child.wait(400) == 0


def test_script_on_a_config_drive_in_a_cd_drive(image: Path, tmp_path: Path) -> None:
    seed = {
        "openstack/latest/meta_data.json": '{"uuid": "1", "hostname": "web-1.example"}',
        "openstack/latest/user_data": '#!/bin/sh\necho "ran as $(id -un)" > /run/ran\n',
    }
    drive = ("-device", "ide-cd,drive=seed", "-drive", "id=seed,if=none,format=raw,readonly=on")
    with emulator(tmp_path, image, seed=seed, seed_drive=drive) as guest:
        guest.console.expect("web-1 login: ")
        guest.console.send("root")
        guest.console.expect("web-1:~# ")
        eventually(guest, "ls /var/lib/cloud/instance/", "finished")
        assert guest.console.run("cat /run/ran") == "ran as root\n"
        guest.console.send("poweroff")
        assert guest.child.wait(400) == 0
