"""How disks' files are opened."""

import pytest

from launcher.domain import modes
from launcher.domain.modes import FileFacts
from launcher.errors import SpecError
from launcher.spec import BlockSize, EphemeralClaim, NoMedium
from tests.fakes.machines import disk, machine


def settled(found: FileFacts, **changes):
    (made,) = modes.settle(machine(disks=(disk(**changes),)), {"root": found}).disks
    return made


@pytest.mark.parametrize(
    ("found", "asked", "cache", "io"),
    [
        (FileFacts(), {}, "none", ""),
        (FileFacts(direct_io=False), {}, "writethrough", ""),
        (FileFacts(preallocated=True), {}, "none", "native"),
        (FileFacts(block=True), {}, "none", "native"),
        (FileFacts(block=True), {"cache": "writeback"}, "writeback", ""),
        (FileFacts(block=True), {"io": "threads"}, "none", "threads"),
        (FileFacts(direct_io=False, preallocated=True), {}, "writethrough", ""),
        (FileFacts(), {"shareable": True}, "none", ""),
    ],
)
def test_cache_and_io(found: FileFacts, asked: dict, cache: str, io: str) -> None:
    made = settled(found, **asked)
    assert (made.cache, made.io) == (cache, io)


def test_none_needs_direct_io() -> None:
    with pytest.raises(SpecError, match="direct I/O"):
        settled(FileFacts(direct_io=False), cache="none")


def test_disks_without_a_file_stay() -> None:
    spec = machine(disks=(disk("cd", NoMedium()),))
    assert modes.paths(spec) == {}
    assert modes.settle(spec, {}) == spec


@pytest.mark.parametrize(
    ("found", "sizes"),
    [
        (FileFacts(block_size=4096), (4096, 4096, 4096)),
        (FileFacts(block=True, logical=512, physical=4096, discard=1024), (512, 4096, 1024)),
        (FileFacts(block=True, logical=512, physical=0, discard=100), (512, 512, 512)),
    ],
)
def test_matched_block_sizes(found: FileFacts, sizes: tuple[int, int, int]) -> None:
    size = settled(found, block_size=BlockSize(match=True)).block_size
    assert (size.logical, size.physical, size.discard) == sizes


def test_paths() -> None:
    spec = machine(
        disks=(
            disk("a"),
            disk("b", EphemeralClaim(path="/c")),
            disk("c", EphemeralClaim(path="/d", block=True)),
        )
    )
    assert [below for _, below in modes.paths(spec).values()] == [
        "/var/run/kubevirt/container-disks/disk_0.img",
        "/var/run/kubevirt-private/vmi-disks/b/disk.img",
        "/dev/c",
    ]
