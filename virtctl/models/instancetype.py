"""Instancetypes: what a machine gets of processors, memory and devices."""

from __future__ import annotations

from typing import Annotated

import msgspec

from virtctl.models.base import Count32, Fact, Model, QuantityText
from virtctl.models.devices import Gpu, HostDevice
from virtctl.models.domain import Hugepages, IoThreads, LaunchSecurity, Numa, Realtime
from virtctl.models.meta import ObjectMeta


class CpuInstancetype(Model, frozen=True):
    """Processors of a machine."""

    guest: Count32
    """Number of virtual processors."""
    dedicated_cpu_placement: bool | None = msgspec.field(name="dedicatedCPUPlacement", default=None)
    """Whether each has a processor of the node to itself."""
    isolate_emulator_thread: bool | None = None
    max_sockets: Count32 | None = None
    """How far the number may grow while the machine runs."""
    model: str = ""
    numa: Numa | None = None
    realtime: Realtime | None = None


class MemoryInstancetype(Model, frozen=True):
    """Memory of a machine."""

    guest: QuantityText
    """What the guest sees."""
    hugepages: Hugepages | None = None
    max_guest: QuantityText | None = None
    """How far it may grow while the machine runs."""
    overcommit_percent: Annotated[int, Fact(minimum=0, maximum=100)] | None = None
    """By how much less is asked of the node, in per cent."""


class InstancetypeSpec(Model, frozen=True):
    """The resources of a machine; it can't set itself what is set here."""

    cpu: CpuInstancetype
    memory: MemoryInstancetype
    annotations: dict[str, str] = {}
    """Annotations that the instance gets."""
    gpus: tuple[Gpu, ...] = ()
    host_devices: tuple[HostDevice, ...] = ()
    io_threads: IoThreads | None = None
    io_threads_policy: str = ""
    launch_security: LaunchSecurity | None = None
    node_selector: dict[str, str] = {}
    """Labels that the node must have."""
    scheduler_name: str = ""


class VirtualMachineInstancetype(Model, frozen=True):
    """Resources for the machines of a namespace."""

    spec: InstancetypeSpec
    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None


class VirtualMachineClusterInstancetype(Model, frozen=True):
    """Resources for the machines of the cluster."""

    spec: InstancetypeSpec
    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
