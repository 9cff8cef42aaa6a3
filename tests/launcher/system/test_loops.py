"""Files as block devices."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from launcher.errors import HostError
from launcher.system import loops

BLOCK = 1 << 20


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "disk.img"
    path.write_bytes(b"first" + bytes(BLOCK - 5))
    return path


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Callable[[loops.Loop], int]]:
    """Opens the device of a loop at a place of its own."""
    opened: list[int] = []

    def open_(loop: loops.Loop) -> int:
        loop.show(tmp_path / "made/node", os.getuid())
        opened.append(os.open(tmp_path / "made/node", os.O_RDWR))
        return opened[-1]

    yield open_
    for descriptor in opened:
        os.close(descriptor)


@pytest.mark.host
def test_a_file_is_a_device_as_long_as_somebody_has_it(file: Path, node) -> None:
    loop = loops.attach(file)
    backing = Path(f"/sys/block/loop{loop.number}/loop/backing_file")
    assert backing.read_text().strip() == str(file)
    device = node(loop)
    assert os.pread(device, 5, 0) == b"first"
    os.pwrite(device, b"written", 4096)
    os.fsync(device)
    assert file.read_bytes()[4096:4103] == b"written"
    os.truncate(file, 2 * BLOCK)
    loop.grow()
    assert os.lseek(device, 0, os.SEEK_END) == 2 * BLOCK
    loop.close()
    assert os.pread(device, 5, 0) == b"first"  # others have it still


@pytest.mark.host
def test_who_may_only_read(file: Path, node) -> None:
    loop = loops.attach(file, read_only=True)
    try:
        assert Path(f"/sys/block/loop{loop.number}/ro").read_text().strip() == "1"
    finally:
        loop.close()


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="No such file"):
        loops.attach(tmp_path / "none")


def test_links_are_not_followed(file: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(file)
    with pytest.raises(HostError, match="link"):
        loops.attach(tmp_path / "link")


def test_a_host_without_loops(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise FileNotFoundError(2, "No such file or directory")

    monkeypatch.setattr(loops, "_open_node", refuse)
    with pytest.raises(HostError, match="no loop devices") as caught:
        loops.attach(file)
    assert "modprobe loop" in caught.value.hint


@pytest.mark.host
def test_devices_are_opened_where_no_node_is_seen(tmp_path: Path) -> None:
    descriptor = loops._open_node(tmp_path / "null", 0o020000, os.makedev(1, 3))
    os.close(descriptor)
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_done_is_told(tmp_path: Path) -> None:
    descriptor = os.open(os.devnull, os.O_RDWR)
    loop = loops.Loop(descriptor, 0)
    with pytest.raises(HostError, match="does not grow"):
        loop.grow()
    (tmp_path / "file").touch()
    with pytest.raises(HostError, match="cannot make the device"):
        loop.show(tmp_path / "file" / "node", 0)
    loop.close()
