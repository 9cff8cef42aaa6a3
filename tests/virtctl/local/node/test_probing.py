import asyncio

import pytest

from virtctl.local.node.asking import Unwell
from virtctl.local.node.probes import LIVENESS, READINESS, GuestPing, Probe
from virtctl.local.node.probing import probe_machine


class Patient:
    """Written down what is said of it. ``answers`` are good or bad, in order."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.said = []
        self.done = asyncio.Event()

    async def ask(self, question, patience):
        if not self.answers:
            self.done.set()
            await asyncio.sleep(60)
        if not self.answers.pop(0):
            raise Unwell("no pulse")

    async def running(self):
        self.said.append("running")

    def ready(self, *, ready):
        self.said.append(ready)

    def unwell(self, probe, why):
        self.said.append(f"{probe}: {why}")

    async def dead(self, why):
        self.said.append(f"dead: {why}")
        self.done.set()


def probe(kind, **changes):
    given = {
        "kind": kind, "question": GuestPing(), "delay": 0, "period": 0.001, "timeout": 1,
        "successes": 1, "failures": 2,
    }  # fmt: skip
    return Probe(**{**given, **changes})


async def probed(patient, *probes):
    task = asyncio.create_task(probe_machine(probes, patient.ask, patient))
    await asyncio.wait_for(patient.done.wait(), 60)
    task.cancel()
    await asyncio.wait({task})
    return [said for said in patient.said if said != "running"]


async def test_ready_when_asked_and_not_any_more():
    patient = Patient(False, True, True, False, False, True)
    assert await probed(patient, probe(READINESS)) == [
        "Readiness: no pulse", True, "Readiness: no pulse", "Readiness: no pulse", False, True,
    ]  # fmt: skip


async def test_given_up_after_bad_answers_in_a_row():
    patient = Patient(True, False, True, False, False)
    said = await probed(patient, probe(LIVENESS))
    assert said == [*["Liveness: no pulse"] * 3, "dead: no pulse"]


async def test_a_guest_that_does_not_run_is_not_asked():
    patient = Patient(True)

    async def never():
        await asyncio.sleep(60)

    patient.running = never
    task = asyncio.create_task(probe_machine((probe(LIVENESS),), patient.ask, patient))
    for _ in range(100):
        await asyncio.sleep(0)
    assert patient.answers == [True]
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_without_probes_nothing_is_asked():
    asked, told = Patient(True), Patient(True)
    await probe_machine((), asked.ask, told)
    assert (asked.answers, told.answers, told.said) == ([True], [True], [])
