"""Workers do a job and tell how it went, also when they are killed."""

from __future__ import annotations

import gzip
import lzma
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.fakes.disks import MIB, convert, digest, write_raw
from tests.fakes.webserver import WebServer
from virtctl.local.imports.job import FAILED, REFUSED, SUCCEEDED, Desk, Job, Source, State
from virtctl.local.imports.worker import Teller, work

ROOT = Path(__file__).parents[4]


@pytest.fixture
def web() -> Iterator[WebServer]:
    with WebServer() as server:
        yield server


def assign(root: Path, **source: str) -> tuple[Desk, Path]:
    target = root / "claim" / "disk.img"
    target.parent.mkdir(exist_ok=True)
    desk = Desk(root / "job")
    job = Job(name="x/a", target=str(target), capacity=16 * MIB, source=Source(**source))
    desk.assign(job)
    return desk, target


def test_a_job_is_done_once(tmp_path: Path, web: WebServer) -> None:
    web.files["disk"] = write_raw(tmp_path / "raw").read_bytes()
    desk, target = assign(tmp_path, kind="http", url=web.url("disk"))
    assert work(desk) == desk.state() == State(phase=SUCCEEDED, progress=1.0)
    assert digest(target) == digest(tmp_path / "raw")
    assert work(desk).phase == SUCCEEDED
    assert len(web.requests) == 1


def test_refusals_and_failures_are_told_apart(tmp_path: Path, web: WebServer) -> None:
    web.files["empty"] = b""
    desk, target = assign(tmp_path, kind="http", url=web.url("empty"))
    assert work(desk).phase == REFUSED
    desk, target = assign(tmp_path, kind="http", url=web.url("none"))
    assert work(desk).phase == FAILED
    web.answers["busy"] = [(500, {})]
    desk, target = assign(tmp_path, kind="http", url=web.url("busy"))
    state = work(desk)
    assert (state.phase, target.exists()) == (FAILED, False)
    assert "500" in state.message
    desk, target = assign(tmp_path, kind="tape", url="x")
    assert work(desk).message == "there is no source `tape`"
    assert list(target.parent.iterdir()) == []


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress], ids=["gz", "xz"])
def test_compressed_sources_go_on_when_connections_break(
    tmp_path: Path, web: WebServer, pack: Callable[[bytes], bytes]
) -> None:
    noise = random.Random(3).randbytes(2 * MIB)
    web.files["disk"], web.breaks["disk"] = pack(noise), [300_000, 500_000]
    desk, target = assign(tmp_path, kind="http", url=web.url("disk"))
    assert work(desk).phase == SUCCEEDED
    assert target.read_bytes()[: len(noise)] == noise
    ranges = [asked for _, asked in web.requests]
    assert ranges == ["", "bytes=300000-", "bytes=800000-"]


def test_compressed_sources_begin_anew_with_another_worker(tmp_path: Path, web: WebServer) -> None:
    # Nobody can go on within a compressed stream, so that nothing is noted of one.
    noise = random.Random(4).randbytes(2 * MIB)
    web.files["disk"] = gzip.compress(noise)
    web.ranges, web.breaks["disk"] = False, [500_000]
    desk, target = assign(tmp_path, kind="http", url=web.url("disk"))
    assert "gives no parts of files" in work(desk).message
    assert not desk.notes.exists()
    assert work(desk).phase == SUCCEEDED
    assert target.read_bytes()[: len(noise)] == noise
    assert web.requests[-1] == ("disk", "")


@pytest.mark.parametrize(
    ("lie", "said"),
    [
        ("cut image", "damaged"),
        ("cut stream", "cut off"),
        ("bomb", "larger than the 16777216 bytes"),
        ("large image", "larger than the reported available storage"),
        ("twice", "compressed more than once"),
    ],
)
def test_sources_that_lie_are_refused(tmp_path: Path, web: WebServer, lie: str, said: str) -> None:
    image = convert(write_raw(tmp_path / "raw"), tmp_path / "image", "qcow2").read_bytes()
    large = bytearray(image)
    large[24:32] = (1 << 63).to_bytes(8, "big")
    web.files["disk"] = {
        "cut image": image[: len(image) // 2],
        "cut stream": gzip.compress(image)[:-9],
        "bomb": gzip.compress(bytes(64 * MIB), 1),
        "large image": bytes(large),
        "twice": lzma.compress(gzip.compress(image)),
    }[lie]
    desk, target = assign(tmp_path, kind="http", url=web.url("disk"))
    state = work(desk)
    assert (state.phase, said in state.message) == (REFUSED, True), state.message
    assert list(target.parent.iterdir()) == []


@pytest.mark.parametrize("kind", ["blank", "copy"])
def test_other_sources(tmp_path: Path, kind: str) -> None:
    raw = write_raw(tmp_path / "raw")
    desk, target = assign(tmp_path, kind=kind, url=str(raw))
    assert work(desk).phase == SUCCEEDED
    assert (digest(target) == digest(raw)) is (kind == "copy")


def test_progress_is_not_told_too_often(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    tell = Teller(desk)
    tell(0.1)
    tell(0.2)
    assert desk.state().progress == 0.1


def run(desk: Desk) -> subprocess.Popen[bytes]:
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-m", "virtctl.local.imports", str(desk.root)], env=environ
    )


MANY = pytest.param(
    100, marks=[pytest.mark.slow, pytest.mark.host, pytest.mark.timeout(600)], id="slow"
)


@pytest.mark.parametrize("rounds", [4, MANY])
def test_workers_that_are_killed_leave_no_half_disk(
    tmp_path: Path, web: WebServer, rounds: int
) -> None:
    """Killed at random moments, again and again: what has the disk's name is the disk."""
    chance = random.Random(7)
    web.pace = lambda: time.sleep(0.002)
    raw = write_raw(tmp_path / "raw")
    web.files["raw"] = raw.read_bytes()
    web.files["qcow2"] = convert(raw, tmp_path / "qcow2", "qcow2").read_bytes()
    wanted = digest(raw)
    for number in range(rounds):
        name = ("raw", "qcow2")[number % 2]
        desk, target = assign(tmp_path, kind="http", url=web.url(name))
        target.unlink(missing_ok=True)
        worker = run(desk)
        time.sleep(chance.uniform(0.05, 0.6))
        worker.kill()
        worker.wait()
        if target.exists():
            assert digest(target) == wanted
        else:
            assert desk.state().phase != SUCCEEDED
    assert run(desk).wait() == 0
    assert desk.state().phase == SUCCEEDED
    assert digest(target) == wanted
    assert [path.name for path in target.parent.iterdir()] == ["disk.img"]
