"""Facts of this host, told on a disk and over a socket."""

import asyncio
from pathlib import Path

import pytest

from launcher import layout
from launcher.guest import vhostmd
from launcher.spec import Disk, DownwardMetrics
from launcher.system import metrics
from tests.fakes.eventually import eventually
from tests.fakes.specs import machine


def test_this_host_is_described() -> None:
    found = {(one.context, one.name): one.value for one in metrics.collect(machine())}
    assert found["host", "VirtualizationVendor"] == "kubevirt.io"
    assert int(found["host", "FreePhysicalMemory"]) > 0
    assert float(found["host", "TotalCPUTime"]) > 0
    assert found["vm", "ResourceMemoryLimit"] == str(256 << 10)
    assert found["vm", "ResourceProcessorLimit"] == "1"


def test_qemu_is_found_by_its_name(tmp_path: Path) -> None:
    for name in ("meminfo", "vmstat"):
        (tmp_path / name).write_text("")
    (tmp_path / "stat").write_text("cpu  100 0 100 900 0 0 0 0 0 0\n")
    for pid, comm in (("7", "a (b) c"), ("8", "qemu-system-x86")):
        (tmp_path / pid).mkdir()
        fields = "S " + "0 " * 10 + "150 50 0"
        (tmp_path / pid / "stat").write_text(f"{pid} ({comm}) {fields}")
    found = {(one.context, one.name): one.value for one in metrics.collect(machine(), tmp_path)}
    assert float(found["host", "TotalCPUTime"]) == float(found["vm", "TotalCPUTime"]) == 2.0


async def test_the_disk_is_written_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "vhostmd0"
    path.write_bytes(bytes(vhostmd.DISK_SIZE))
    monkeypatch.setattr(layout, "INSIDE_METRICS_DISK", path)
    spec = machine(disks=(Disk(name="m", index=0, source=DownwardMetrics()),))
    telling = asyncio.create_task(metrics.publish(spec, period=0.01))
    await eventually(lambda: b"<name>HostName</name>" in path.read_bytes())
    telling.cancel()
    await asyncio.wait({telling})
    assert path.stat().st_size == vhostmd.DISK_SIZE
    assert path.read_bytes().startswith(b"mvbd")


async def test_the_channel_is_answered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "sock"
    monkeypatch.setattr(layout, "INSIDE_METRICS_SOCKET", path)
    answers: asyncio.Queue[bytes] = asyncio.Queue()

    async def guest(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(vhostmd.REQUEST + b"\n\n")
        answers.put_nowait(await reader.readuntil(b"\n\n"))
        writer.close()

    telling = asyncio.create_task(metrics.publish(machine(downward_metrics=True), period=0.01))
    server = await asyncio.start_unix_server(guest, str(path))
    for _ in range(2):  # QEMU may be another one
        assert (await asyncio.wait_for(answers.get(), 60)).startswith(b"<metrics>")
    telling.cancel()
    await asyncio.wait({telling})
    server.close()
    await server.wait_closed()


async def test_nothing_is_told_unasked() -> None:
    assert await asyncio.wait_for(metrics.publish(machine()), 60) is None
