"""Run the probes of a machine for as long as it runs, as a kubelet would."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from virtctl.local.node.asking import Unwell
from virtctl.local.node.probes import LIVENESS, READINESS, Probe, Question, Tally

Ask = Callable[[Question, float], Awaitable[None]]


class Patient(Protocol):
    """The machine that is probed, as its keeper sees it."""

    async def running(self) -> None:
        """Wait until the guest's CPUs run: a paused guest is not asked."""

    def ready(self, *, ready: bool) -> None:
        """The readiness probe's verdict has changed."""

    def unwell(self, probe: str, why: str) -> None:
        """A bad answer, for the events. ``probe`` is Readiness or Liveness."""

    async def dead(self, why: str) -> None:
        """The liveness probe has given the guest up."""


async def probe_machine(probes: tuple[Probe, ...], ask: Ask, patient: Patient) -> None:
    """Run all probes until cancelled, or until the guest is given up."""
    async with asyncio.TaskGroup() as tasks:
        for probe in probes:
            tasks.create_task(_run(probe, ask, patient))


async def _run(probe: Probe, ask: Ask, patient: Patient) -> None:
    tally = Tally(probe)
    await patient.running()
    await asyncio.sleep(probe.delay)
    while True:
        await patient.running()
        why = await _answer(probe, ask)
        if why:
            patient.unwell("Liveness" if probe.kind == LIVENESS else "Readiness", why)
        if tally.note(good=not why):
            if probe.kind == READINESS:
                patient.ready(ready=tally.good)
            elif not tally.good:
                await patient.dead(why)
                return
        await asyncio.sleep(probe.period)


async def _answer(probe: Probe, ask: Ask) -> str:
    """Empty for a good answer, else what is wrong."""
    try:
        await ask(probe.question, probe.timeout)
    except Unwell as error:
        return str(error) or "no answer"
    return ""
