import os
from collections.abc import Callable
from pathlib import Path

import pytest

from launcher.system import mounts

pytestmark = pytest.mark.host

NEW_NETWORK = 0x40000000  # else the fresh sysfs would be the one that is there already


def in_child(work: Callable[[], str]) -> str:
    """Run something in a process with mount, host name and network namespaces of its own."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            mounts.unshare(mounts.NEW_MOUNTS | mounts.NEW_HOSTNAME | NEW_NETWORK)
            said = work()
        except BaseException as error:  # noqa: BLE001 - told to the parent
            said = f"failed: {error}"
        os.write(writing, said.encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        answer = pipe.read()
    os.waitpid(child, 0)
    return answer


def test_a_pod_sees_its_binds_and_little_else(tmp_path: Path) -> None:
    (tmp_path / "private").mkdir()
    (tmp_path / "private/here").write_text("machine")
    (tmp_path / "resolv.conf").write_text("nameserver 10.244.1.1\n")
    (tmp_path / "image").write_text("disk")
    before = {path.name for path in Path("/dev").iterdir()}

    def work() -> str:
        mounts.assemble(
            [
                (str(tmp_path / "private"), "/var/run/kubevirt-private", False),
                (str(tmp_path / "resolv.conf"), "/etc/resolv.conf", False),
                (str(tmp_path / "image"), "/var/run/kubevirt/disk_0.img", True),
                ("/dev/null", "/dev/volume", False),
            ]
        )
        try:
            Path("/var/run/kubevirt/disk_0.img").write_text("x")
            writable = "writable"
        except OSError as error:
            writable = str(error.strerror)
        return "|".join(
            (
                Path("/var/run/kubevirt-private/here").read_text(),
                Path("/etc/resolv.conf").read_text().strip(),
                writable,
                str(Path("/run/netns").exists()),
                str(Path("/dev/volume").is_char_device()),
                str(sorted(p.name for p in Path("/run").iterdir())),
            )
        )

    assert in_child(work) == (
        "machine|nameserver 10.244.1.1|Read-only file system|False|True|"
        "['kubevirt', 'kubevirt-private', 'lock']"
    )
    assert {path.name for path in Path("/dev").iterdir()} == before


def test_a_missing_source_is_named(tmp_path: Path) -> None:
    gone = str(tmp_path / "gone")
    assert gone in in_child(lambda: str(mounts.assemble([(gone, "/mnt", False)])))


def test_the_host_name_is_the_pods_own() -> None:
    before = os.uname().nodename

    def work() -> str:
        mounts.set_hostname("fedora-0")
        return os.uname().nodename

    assert in_child(work) == "fedora-0"
    assert os.uname().nodename == before


def test_a_refused_mount_names_its_target() -> None:
    with pytest.raises(OSError, match="mount /nowhere"):
        mounts.mount("none", "/nowhere", "tmpfs")


def test_a_file_may_come_later_and_go(tmp_path: Path) -> None:
    (tmp_path / "disk.img").write_text("disk")
    (tmp_path / "public").mkdir()

    def work() -> str:
        mounts.assemble([(str(tmp_path / "public"), "/var/run/kubevirt", False)])
        target = Path("/var/run/kubevirt/hotplug-disks/data.img")
        mounts.bind(tmp_path / "disk.img", target)
        seen = target.read_text()
        mounts.unbind(target)
        mounts.unbind(target)
        return f"{seen} {target.exists()}"

    assert in_child(work) == "disk False"
