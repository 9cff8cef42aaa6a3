"""Bad input: each a clear error, the documented exit code, and nothing half done."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.instance import Instance, traces, until

pytestmark = [pytest.mark.host, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    made = Instance(tmp_path_factory.mktemp("refusals") / "instance")
    try:
        made.up()
        yield made
    finally:
        made.down()
    assert traces(made) == []


def refused(instance: Instance, text: str) -> str:
    said = instance.run("apply", "-f", "-", stdin=text, code=1).stderr
    assert "Traceback" not in said
    assert instance.run("get", "vm", "-o", "name").stdout == ""
    return said


def test_up_again_changes_nothing(instance: Instance) -> None:
    pid = instance.pid
    assert "already running" in instance.run("local", "up").stdout
    assert instance.pid == pid


def test_up_with_other_settings_is_refused(instance: Instance) -> None:
    said = instance.run("local", "up", "--nodes", "2", code=1).stderr
    assert "--nodes" in said
    assert "virtctl local down" in said


def test_up_of_another_version_is_refused(instance: Instance) -> None:
    path = instance.directory / "daemon.pid"
    before = path.read_text()
    path.write_text(before.replace('"version": "', '"version": "9.'))
    try:
        said = instance.run("local", "up", code=1).stderr
    finally:
        path.write_text(before)
    assert "version 9." in said
    assert "hint:" in said


def test_a_taken_port_is_refused(tmp_path: Path) -> None:
    other = Instance(tmp_path / "instance")
    with socket.create_server(("127.0.0.1", other.port)):
        said = other.run("local", "up", "--listen", f"127.0.0.1:{other.port}", code=1).stderr
    assert "in use" in said
    assert "--listen" in said
    assert not (tmp_path / "instance" / "config.json").exists()
    assert traces(other) == []


def test_without_root_up_is_refused(tmp_path: Path) -> None:
    other = Instance(tmp_path / "instance")
    # In a user namespace without a mapping we are nobody, and can still read our own files.
    done = subprocess.run(
        ["unshare", "--user", sys.executable, "-m", "virtctl", "local", "up"],
        env=other.environ, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "sudo" in done.stderr
    assert not other.directory.exists()


POD = "          pod: {}\n"
NIC = "spec.template.spec.domain.devices.interfaces"
LONG = "".join(f"              # line {number} of a seed\n" for number in range(5000))
SPEC = "spec.template.spec.domain.devices.disks"
DISK = "            - name: {}\n              disk"
VOLUME = "        - name: {}\n          cloud"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("      domain:\n", "      domian: {}\n      domain:\n", "spec.template.spec.domian"),
        (DISK.format("cloudinitdisk"), DISK.format("rootdisk"), f"{SPEC}[1]"),
        (VOLUME.format("cloudinitdisk"), VOLUME.format("another"), "cloudinitdisk"),
        ("runStrategy: Always", "runStrategy: Sometimes", "Sometimes"),
        ("runStrategy: Always", "runStrategy: 3", "runStrategy"),
        ("  name: wrong\n", "  name: a<b&\"c'>\n", "metadata.name"),
        (POD, f"{POD[:-3]}{{vmNetworkCIDR: 10.9.0.0/31}}\n", "networks[0].pod.vmNetworkCIDR"),
        (POD, f"{POD}        - name: more\n{POD}", "connected to a pod network"),
        ("            - name: default\n", "            - name: other\n", f"{NIC}[0].name"),
        ("              #cloud-config\n", "              #cloud-config\n" + LONG, "UserData"),
    ],
    ids=[
        "unknown field", "duplicate disk", "missing volume", "bad strategy", "bad type",
        "hostile name", "small CIDR", "two pod networks", "NIC without network", "long user data",
    ],
)  # fmt: skip
def test_bad_manifests_are_refused_whole(instance: Instance, old: str, new: str, said: str) -> None:
    text = instance.machine("wrong")
    assert old in text
    assert said in refused(instance, text.replace(old, new, 1))


def test_broken_yaml_names_the_line(instance: Instance) -> None:
    said = refused(instance, "apiVersion: v1\nkind: [\n")
    assert "stdin" in said


def pull_failed(instance: Instance, name: str) -> bool:
    status = instance.get("vm", name)["status"]
    return status.get("printableStatus") in {"ErrImagePull", "ImagePullBackOff"}


def test_an_image_that_is_not_there_is_said(instance: Instance) -> None:
    instance.apply(instance.machine("absent", **{"image: tiny": "image: nothing-like-it"}))
    try:
        until(lambda: pull_failed(instance, "absent"), "ErrImagePull")
        said = instance.run("wait", "absent", "--for", "ssh", "--timeout", "5s", code=124).stderr
        assert "nothing-like-it" in said
    finally:
        instance.run("delete", "vm", "absent", "--wait")


def test_no_objects_where_there_are_none(instance: Instance) -> None:
    assert "not found" in instance.run("get", "vm", "nobody", code=1).stderr
    assert "not found" in instance.run("start", "nobody", code=1).stderr
    assert instance.run("frobnicate", code=2).stderr.startswith("error:")


def with_mac(instance: Instance, name: str) -> str:
    text = instance.machine(name, **{"runStrategy: Always": "runStrategy: Halted"})
    return text.replace(
        "masquerade: {}", "masquerade: {}\n              macAddress: 02:00:00:00:00:17"
    )


def test_a_mac_that_is_in_use_is_refused(instance: Instance) -> None:
    instance.apply(with_mac(instance, "first"))
    try:
        second = with_mac(instance, "second")
        said = instance.run("apply", "-f", "-", stdin=second, code=1).stderr
        assert "02:00:00:00:00:17" in said
        assert "not found" in instance.run("get", "vm", "second", code=1).stderr
    finally:
        instance.run("delete", "vm", "first", "--wait")


@pytest.mark.parametrize(
    ("what", "why"),
    [("truncated", "qemu-img: "), ("no image", "Unsupported qcow2"), ("backed", "stand alone")],
)
def test_files_that_no_guest_may_be_given(
    instance: Instance, tmp_path: Path, what: str, why: str
) -> None:
    file, other = tmp_path / "disk.qcow2", tmp_path / "secret"
    other.write_bytes(bytes(1 << 20))
    argv = ["qemu-img", "create", "-q", "-f", "qcow2"]
    match what:
        case "truncated":
            subprocess.run([*argv, file, "1G"], check=True)
            file.write_bytes(file.read_bytes()[:70])
        case "no image":
            file.write_bytes(b"QFI\xfb" + b"x" * 600)
        case _:
            subprocess.run([*argv, "-b", other, "-F", "raw", file], check=True)
    said = instance.run("image", "import", str(file), "bad", code=None)
    assert said.returncode == 1, said.stdout
    assert "Traceback" not in said.stderr
    assert why in said.stderr
    assert "bad" not in instance.run("image", "list").stdout
