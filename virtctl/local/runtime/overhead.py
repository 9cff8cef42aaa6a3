"""Memory that a machine's pod needs beside the guest's own, by KubeVirt's reckoning. Pure.

What the reckoning is made of is measured there (``GetMemoryOverhead``); a limit of ours that is
smaller would end guests here that live in a cluster.
"""

from __future__ import annotations

from collections.abc import Iterator

from virtctl.models.documents import Document, child, find, flag, objects, text
from virtctl.wire.quantities import quantity_or_none

_MEBI = 1024 * 1024
_COMPONENTS = 240 * _MEBI  # monitor 25, launcher 100, log daemon 25, libvirt 40, QEMU 50
_EACH_CPU = 8 * _MEBI
_IO_THREAD = 8 * _MEBI
_SCREEN = 32 * _MEBI
_ARM_FIRMWARE = 128 * _MEBI
_HOST_DEVICES = 1024 * _MEBI  # their windows, which must not be swapped out
_METRICS = 1 * _MEBI
_PROBE, _PROBING = 10 * _MEBI, 100 * _MEBI  # each program that asks the agent; any at all
_ENCRYPTED = 256 * _MEBI
_TPM = 53 * _MEBI
_GUARANTEED = 100 * _MEBI
_PASST = 250 * _MEBI
_PAGE_TABLE_SHARE = 512  # a byte of page tables for so many of the guest's


def memory_overhead(vmi: Document, memory: int, vcpus: int) -> int:
    """Bytes beside the guest's memory, of which ``memory`` bytes are requested."""
    domain = child(vmi, "spec", "domain")
    fixed = memory // _PAGE_TABLE_SHARE + _COMPONENTS + vcpus * _EACH_CPU + _IO_THREAD
    added = quantity_or_none(find(domain, "memory", "reservedOverhead", "addedOverhead"))
    return fixed + sum(_extras(vmi, domain)) + (added.value if added else 0)


def enlarged(overhead: int, ratio: float) -> int:
    """``overhead`` times ``ratio``; what is added is counted in thousands of bytes."""
    return overhead + int(-(-overhead // 1000) * (ratio - 1)) * 1000


def _extras(vmi: Document, domain: Document) -> Iterator[int]:
    devices = child(domain, "devices")
    if flag(devices, "autoattachGraphicsDevice", default=True):
        yield _SCREEN
    if text(vmi, "spec", "architecture") == "arm64":
        yield _ARM_FIRMWARE
    if _has_host_devices(devices):
        yield _HOST_DEVICES
    if any("downwardMetrics" in volume for volume in objects(vmi, "spec", "volumes")):
        yield _METRICS
    probes = sum(
        find(vmi, "spec", probe, "exec") is not None
        for probe in ("livenessProbe", "readinessProbe")
    )
    if probes:
        yield _PROBING + probes * _PROBE
    if find(domain, "launchSecurity") is not None:
        yield _ENCRYPTED
    if find(devices, "tpm") is not None:
        yield _TPM
    if flag(domain, "cpu", "dedicatedCpuPlacement") or _is_guaranteed(domain):
        yield _GUARANTEED
    if any("passtBinding" in nic for nic in objects(devices, "interfaces")):
        yield _PASST


def _has_host_devices(devices: Document) -> bool:
    sriov = any("sriov" in nic for nic in objects(devices, "interfaces"))
    return sriov or bool(find(devices, "gpus") or find(devices, "hostDevices"))


def _is_guaranteed(domain: Document) -> bool:
    """Whether all that is requested is the limit too."""
    requests, limits = (child(domain, "resources", key) for key in ("requests", "limits"))
    named = [key for key in ("cpu", "memory") if text(limits, key)]
    return len(named) == len(("cpu", "memory")) and all(
        requests.get(key, limits[key]) == limits[key] for key in named
    )
