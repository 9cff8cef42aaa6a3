"""A shell beside a disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from launcher.errors import HostError
from launcher.system import hostfacts, toolshell


@pytest.mark.host
async def test_it_sees_the_disk_and_little_else(tmp_path: Path) -> None:
    claim = tmp_path / "instance" / "volumes" / "c"
    claim.mkdir(parents=True)
    disk = claim / "disk.img"
    disk.write_text("here")
    script = (
        "id -u; cat disk.img; echo; ls $0; pwd; echo more >>disk.img; grep CapEff /proc/1/status"
    )
    argv = ["sh", "-c", script, str(tmp_path / "instance")]
    shell = await toolshell.spawn(
        disk, [tmp_path / "instance"], argv, tty=False, stdin=False, kvm=False
    )
    said = {1: b"", 2: b""}
    try:
        while (part := await shell.read())[1]:
            said[part[0]] += part[1]
        assert await shell.wait() == 0, said
    finally:
        await shell.kill()
    assert said[1].decode().split() == [
        str(hostfacts.qemu_user()), "here", "/mnt/disk", "CapEff:", "0000000000000000",
    ]  # fmt: skip
    assert disk.read_text() == "heremore\n"


async def test_no_disk(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="no disk"):
        await toolshell.spawn(tmp_path / "none", [], ["sh"], tty=False, stdin=False, kvm=False)
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(HostError, match="no disk"):
        await toolshell.spawn(tmp_path / "link", [], ["sh"], tty=False, stdin=False, kvm=False)


@pytest.mark.host
@pytest.mark.skipif(not Path("/dev/kvm").exists(), reason="the host has no device for KVM")
@pytest.mark.parametrize(
    ("kvm", "said"), [(True, b"crw-------\n"), (False, b"crw-rw-rw-\nforce_tcg\n")]
)
async def test_kvm_is_there_or_is_not(tmp_path: Path, kvm: bool, said: bytes) -> None:
    (tmp_path / "disk.img").touch()
    script = (
        "stat -c %A /dev/kvm; test -r /dev/kvm || exit 1; "
        'if [ -n "$LIBGUESTFS_BACKEND_SETTINGS" ]; then echo $LIBGUESTFS_BACKEND_SETTINGS; fi'
    )
    shell = await toolshell.spawn(
        tmp_path / "disk.img", [], ["sh", "-c", script], tty=False, stdin=False, kvm=kvm
    )
    found = b""
    try:
        while part := (await shell.read())[1]:
            found += part
        assert await shell.wait() == 0
    finally:
        await shell.kill()
    assert found == said
