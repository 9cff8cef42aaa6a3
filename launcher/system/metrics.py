"""Tell a guest of its host: on a small disk that is written anew, and over a channel that it asks.

Both are asked for in the manifest (``downwardMetrics``), as a volume or as a device.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import time
from contextlib import suppress
from pathlib import Path

from launcher import layout
from launcher.guest import vhostmd
from launcher.guest.vhostmd import Metric
from launcher.spec import DownwardMetrics, MachineSpec

PERIOD = 5.0
"""Seconds between two looks at the host."""

_VENDOR = "kubevirt.io"
_log = logging.getLogger(__name__)


async def publish(spec: MachineSpec, *, period: float = PERIOD) -> None:
    """Until cancelled; returns at once for a machine that asks for none."""
    on_disk = any(isinstance(disk.source, DownwardMetrics) for disk in spec.disks)
    async with asyncio.TaskGroup() as tasks:
        if on_disk:
            tasks.create_task(_write_disk(spec, layout.INSIDE_METRICS_DISK, period))
        if spec.downward_metrics:
            tasks.create_task(_serve_channel(spec, layout.INSIDE_METRICS_SOCKET, period))


async def _write_disk(spec: MachineSpec, path: Path, period: float) -> None:
    while True:
        await asyncio.sleep(period)
        with suppress(OSError):
            await asyncio.to_thread(write_disk, path, vhostmd.document(collect(spec)))


def write_disk(path: Path, content: bytes) -> None:
    """Put a document on the disk, so that a guest never takes half of it for the whole."""
    with path.open("r+b") as file:
        for part, place in (
            (vhostmd.header(content, busy=True), 0),
            (content, len(vhostmd.header(content))),
            (vhostmd.header(content), 0),
        ):
            file.seek(place)
            file.write(part)
            file.flush()


async def _serve_channel(spec: MachineSpec, path: Path, period: float) -> None:
    """Answer on the socket that QEMU makes; it may come late, and anew."""
    while True:
        try:
            reader, writer = await asyncio.open_unix_connection(str(path))
        except OSError:
            await asyncio.sleep(period)
            continue
        try:
            while request := await reader.readuntil(b"\n\n"):
                content = vhostmd.document(await asyncio.to_thread(collect, spec))
                writer.write(vhostmd.answer(request, content))
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
            _log.info("the metrics' channel was closed: %s", error)
            await asyncio.sleep(period)
        finally:
            writer.close()


def collect(spec: MachineSpec, proc: Path = Path("/proc")) -> tuple[Metric, ...]:
    """What there is to tell now. Of ``proc`` only the processes are the pod's own."""
    memory = _numbers(proc / "meminfo", ":")
    paging = _numbers(proc / "vmstat", " ")
    swapped = memory.get("SwapTotal", 0) - memory.get("SwapFree", 0)
    host = {
        "NumberOfPhysicalCPUs": os.cpu_count() or 1,
        "FreePhysicalMemory": memory.get("MemFree", 0),
        "FreeVirtualMemory": memory.get("MemFree", 0) + memory.get("SwapFree", 0),
        "MemoryAllocatedToVirtualServers": memory.get("MemTotal", 0)
        - memory.get("MemAvailable", 0),
        "UsedVirtualMemory": memory.get("MemTotal", 0) - memory.get("MemFree", 0) + swapped,
        "PagedInMemory": paging.get("pswpin", 0),
        "PagedOutMemory": paging.get("pswpout", 0),
    }
    kibibytes = {name for name in host if "Memory" in name}
    return (
        Metric(name="HostName", value=socket.gethostname(), kind="string"),
        Metric(name="HostSystemInfo", value="linux", kind="string"),
        Metric(name="VirtualizationVendor", value=_VENDOR, kind="string"),
        *(
            Metric(name=name, value=str(value), unit="KiB" if name in kibibytes else "")
            for name, value in host.items()
        ),
        Metric(name="Time", value=str(int(time.time())), kind="int64", unit="s"),
        Metric(name="TotalCPUTime", value=f"{_host_seconds(proc):f}", kind="real64", unit="s"),
        *_of_machine(spec, proc),
    )


def _of_machine(spec: MachineSpec, proc: Path) -> tuple[Metric, ...]:
    kibibytes = str(spec.memory.guest // 1024)
    cpus = str(spec.cpu.topology.count)
    spent = f"{_guest_seconds(proc):f}"
    return (
        Metric(name="TotalCPUTime", value=spent, kind="real64", context="vm", unit="s"),
        Metric(name="ResourceProcessorLimit", value=cpus, context="vm"),
        Metric(
            name="PhysicalMemoryAllocatedToVirtualSystem",
            value=kibibytes,
            context="vm",
            unit="KiB",
        ),
        Metric(name="ResourceMemoryLimit", value=kibibytes, context="vm", unit="KiB"),
    )


def _numbers(path: Path, separator: str) -> dict[str, int]:
    found = {}
    for line in path.read_text().splitlines():
        name, _, rest = line.partition(separator)
        words = rest.split()
        if words and words[0].isdigit():
            found[name] = int(words[0])
    return found


def _host_seconds(proc: Path) -> float:
    """CPU time of all but idling, since the host's start."""
    words = (proc / "stat").read_text().splitlines()[0].split()[1:]
    ticks = [int(word) for word in words]
    idle = sum(ticks[3:5])
    return (sum(ticks[:8]) - idle) / os.sysconf("SC_CLK_TCK")


def _guest_seconds(proc: Path) -> float:
    """CPU time of QEMU, the only one in the pod."""
    for entry in proc.glob("[0-9]*/stat"):
        with suppress(OSError):
            name, _, rest = entry.read_text().partition("(")[2].rpartition(")")
            if name.startswith("qemu"):
                user, system = rest.split()[11:13]
                return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
    return 0.0
