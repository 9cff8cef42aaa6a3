"""The launcher proper: composes one machine from its directory and lives as long as it does.

It runs as the child of the pod's first process, in all the pod's namespaces, and reads everything
from ``layout.INSIDE_MACHINE``.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import msgspec

from launcher import layout
from launcher import spec as specs
from launcher.facts import HostFacts
from launcher.layout import MachineLayout
from launcher.spec import MachineSpec
from launcher.state import MachineState, Stage
from launcher.storage.binds import qemu_user
from launcher.system import metrics
from launcher.system.control import ControlServer
from launcher.system.hypervisor import Event, Hypervisor
from launcher.system.ledger import Ledger
from launcher.system.machine import Machine
from launcher.system.requests import Requests

SERIAL_LOG_LIMIT = 1 << 20
"""Bytes of the serial console's log; what is beyond goes into one older file, then away."""

_SERIAL_LOG_PERIOD = 10.0


def main() -> int:
    """Run the machine to its end; the exit code, 0 when the guest ended as it was meant to."""
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.INFO,
        format="%(asctime)s.%(msecs)03d %(message)s",
        datefmt="%Y-%m-%dT%H:%M:%S",
    )
    spec = specs.decode((layout.INSIDE_MACHINE / "spec.json").read_bytes())
    facts = msgspec.json.decode((layout.INSIDE_MACHINE / "facts.json").read_bytes(), type=HostFacts)
    return asyncio.run(_live(spec, facts))


async def _live(spec: MachineSpec, facts: HostFacts) -> int:
    from launcher.system.preparation import PodSurroundings

    place = MachineLayout(root=layout.INSIDE_MACHINE, uid=spec.uid, caps_cache=Path("/nowhere"))
    ledger = Ledger(MachineState(uid=spec.uid, stage=Stage.PREPARING), place.state)
    surroundings = PodSurroundings(spec, facts, place, ledger.note)
    user = qemu_user(spec, facts)
    machine = Machine(spec, ledger, surroundings, partial(_open_hypervisor, user))
    if spec.accelerator is specs.Accelerator.TCG:
        ledger.note(f"software emulation: {facts.kvm_reason or 'KVM is not wanted'}")
    if facts.limits_reason:
        ledger.note(f"without limits: {facts.limits_reason}")
    server = ControlServer(Requests(machine, user), ledger)
    await server.open(layout.INSIDE_CONTROL)
    asyncio.get_running_loop().add_signal_handler(
        signal.SIGTERM, machine.shut_down, spec.grace_period_seconds
    )
    beside = [
        asyncio.ensure_future(_bound_log(place.serial_log)),
        asyncio.ensure_future(metrics.publish(spec)),
    ]
    try:
        await machine.live()
    finally:
        for task in beside:
            task.cancel()
        await server.close()
    return 0 if ledger.state.stage is Stage.SHUT_OFF else 1


async def _open_hypervisor(user: int, listener: Callable[[Event], None]) -> Hypervisor:
    return await asyncio.to_thread(_embed, user, listener)


def _embed(user: int, listener: Callable[[Event], None]) -> Hypervisor:
    # Imported here, in a thread: it takes as long as the pod's network does.
    from launcher.system.hypervisor import EmbeddedLibvirt

    return EmbeddedLibvirt(layout.INSIDE_EMBED_ROOT, listener, user)


async def _bound_log(path: Path) -> None:
    while True:
        await asyncio.sleep(_SERIAL_LOG_PERIOD)
        await asyncio.to_thread(bound_log, path, SERIAL_LOG_LIMIT)


def bound_log(path: Path, limit: int) -> None:
    """Keep a log that somebody appends to below ``limit`` bytes, about; the rest goes to ``.1``.

    QEMU holds the file open for appending, so it is emptied in place rather than renamed.
    """
    try:
        if path.stat().st_size > limit:
            shutil.copyfile(path, path.with_name(f"{path.name}.1"))
            with path.open("r+b") as file:
                file.truncate(0)
    except FileNotFoundError:
        return
