import asyncio
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from launcher.errors import HostError, HypervisorError
from launcher.spec import Accelerator, Disk, Features, MachineSpec, Nic
from launcher.state import LeaseState, MachineState, Stage
from launcher.system.arrival import Arrival
from launcher.system.hypervisor import Event, EventKind, Hypervisor, Reason
from launcher.system.ledger import Ledger
from launcher.system.machine import Machine
from tests.fakes.hypervisor import FakeHypervisor
from tests.fakes.specs import UID, machine


@dataclass
class FakeSurroundings:
    """Prepares nothing, or fails to."""

    failure: Exception | None = None
    slow: bool = False
    undone: bool = False
    defined: list[str] = field(default_factory=list)
    wired: list[str] = field(default_factory=list)  # what came later
    grown: list[str] = field(default_factory=list)

    async def prepare(self, enter: Callable[[str], None]) -> None:
        enter("pod-network")
        if self.slow:
            await asyncio.sleep(60)
        if self.failure:
            raise self.failure

    def define(self, spec: MachineSpec, hypervisor: Hypervisor) -> None:
        self.defined.append(spec.accelerator.value)
        hypervisor.define(f"<domain type='{spec.accelerator.value}'/>")

    def pod_addresses(self, nic: str) -> tuple[str, ...]:
        return ("10.244.1.5",)

    def leases(self) -> tuple[LeaseState, ...]:
        return (LeaseState(bridge="k6t-eth0", address="10.0.2.2", offers=1),)

    def give_back(self, spec: MachineSpec) -> None:
        self.wired.append("given back")

    async def undo(self) -> None:
        self.undone = True

    def plug_disk(self, spec: MachineSpec, disk: Disk) -> tuple[Disk, str]:
        self.wired.append(disk.name)
        return disk, f"<disk>{disk.name}</disk>"

    def show_disk(self, disk: Disk) -> str:
        self.wired.append(disk.name)
        return f"/shown/{disk.name}"

    def grow_disk(self, disk: Disk) -> None:
        self.grown.append(disk.name)

    def drop_disk(self, disk: Disk) -> None:
        self.wired.remove(disk.name)

    def plug_nic(self, spec: MachineSpec, nic: Nic) -> str:
        self.wired.append(nic.name)
        return f"<interface>{nic.name}</interface>"

    def drop_nic(self, spec: MachineSpec, nic: Nic) -> None:
        self.wired.remove(nic.name)


class Stand:
    """A machine on a fake hypervisor, and its life as a task."""

    def __init__(self, tmp_path: Path, spec: MachineSpec, surroundings: FakeSurroundings) -> None:
        first = MachineState(uid=UID, stage=Stage.PREPARING)
        self.ledger = Ledger(first, tmp_path / "state.json")
        self.hypervisor = FakeHypervisor(lambda _: None)
        self.machine = Machine(spec, self.ledger, surroundings, self._open)
        self.life = asyncio.create_task(self.machine.live())

    async def _open(self, listener: Callable[[Event], None]) -> FakeHypervisor:
        self.hypervisor.listener = listener
        return self.hypervisor

    async def at(self, stage: Stage) -> MachineState:
        return await asyncio.wait_for(self.ledger.reach(stage), 60)

    async def until(self, holds: Callable[[MachineState], bool]) -> MachineState:
        async with asyncio.timeout(60):
            async for state in self.ledger.states():
                if holds(state):
                    return state
        raise AssertionError("it never held")

    async def end(self) -> MachineState:
        await asyncio.wait_for(self.life, 60)
        return self.ledger.state


Make = Callable[..., Stand]


@pytest.fixture
async def make(tmp_path: Path) -> AsyncIterator[Make]:
    stands: list[Stand] = []

    def build(surroundings: FakeSurroundings | None = None, **changes: object) -> Stand:
        stands.append(Stand(tmp_path, machine(**changes), surroundings or FakeSurroundings()))
        return stands[-1]

    yield build
    for stand in stands:
        stand.machine.shut_down(0)
        await stand.end()


async def test_a_machine_runs_and_powers_off(make: Make) -> None:
    stand = make()
    state = await stand.until(lambda s: s.stage is Stage.RUNNING and bool(s.nics))
    assert (state.accelerator, state.machine_type, state.boot_count) == ("qemu", "pc-q35-10.0", 1)
    assert [(nic.name, nic.addresses) for nic in state.nics] == [("default", ("10.244.1.5",))]
    stand.machine.shut_down(30)
    assert (await stand.end()).stage is Stage.SHUT_OFF
    assert stand.ledger.state.stop_reason == "guest"


async def test_a_guest_that_does_not_obey_is_ended_after_the_grace(make: Make) -> None:
    stand = make()
    await stand.at(Stage.RUNNING)
    stand.hypervisor.obedient = False
    stand.machine.shut_down(0.05)
    await stand.at(Stage.SHUTTING_DOWN)
    state = await stand.end()
    assert (state.stage, state.stop_reason) == (Stage.SHUT_OFF, "destroyed")
    assert stand.hypervisor.calls[-2:] == ["shutdown", "destroy"]


async def test_the_death_of_qemu_is_a_crash(make: Make) -> None:
    stand = make()
    await stand.at(Stage.RUNNING)
    stand.hypervisor.end(Reason.FAILED)
    state = await stand.end()
    assert (state.stage, state.stop_reason) == (Stage.CRASHED, "failed")


async def test_a_guest_that_panics_has_crashed(make: Make) -> None:
    stand = make(accelerator=Accelerator.KVM)
    await stand.at(Stage.RUNNING)
    stand.hypervisor.tell(EventKind.CRASHED)
    stand.hypervisor.end(Reason.FAILED)
    state = await stand.end()
    assert (state.stage, state.stop_reason) == (Stage.CRASHED, "panicked")


async def test_pause_and_unpause(make: Make) -> None:
    stand = make()
    await stand.at(Stage.RUNNING)
    await stand.machine.pause()
    assert stand.ledger.state.pause_reason == "user"
    with pytest.raises(HypervisorError, match="paused, not running"):
        await stand.machine.pause()
    await stand.machine.unpause()
    assert (stand.ledger.state.stage, stand.ledger.state.pause_reason) == (Stage.RUNNING, "")
    with pytest.raises(HypervisorError, match="running, not paused"):
        await stand.machine.unpause()


async def test_unpausing_sets_the_guests_clock(make: Make) -> None:
    stand = make()
    await stand.at(Stage.RUNNING)
    stand.hypervisor.tell(EventKind.AGENT_CONNECTED)
    await stand.until(lambda s: s.agent.connected)
    await stand.machine.pause()
    await stand.machine.unpause()
    assert "guest-set-time" in stand.hypervisor.guest.asked


async def test_a_machine_may_start_paused(make: Make) -> None:
    stand = make(start_paused=True)
    assert (await stand.at(Stage.PAUSED)).pause_reason == "user"


async def test_an_io_error_pauses(make: Make) -> None:
    stand = make()
    await stand.at(Stage.RUNNING)
    stand.hypervisor.tell(EventKind.SUSPENDED, Reason.IO_ERROR)
    assert (await stand.at(Stage.PAUSED)).pause_reason == "io-error"


async def test_the_agent_is_asked_when_it_connects_and_forgotten_when_it_leaves(
    make: Make,
) -> None:
    stand = make()
    await stand.at(Stage.RUNNING)
    stand.hypervisor.tell(EventKind.AGENT_CONNECTED)
    state = await stand.until(lambda s: s.agent.timezone != "")
    assert (state.agent.hostname, state.agent.version) == ("fedora-0", "10.0.13")
    assert state.nics[0].guest_name == "eth0"
    stand.hypervisor.tell(EventKind.AGENT_DISCONNECTED)
    state = await stand.until(lambda s: not s.agent.connected)
    assert state.nics[0].sources == ("domain",)


async def test_a_reboot_is_counted(make: Make) -> None:
    stand = make()
    await stand.at(Stage.RUNNING)
    stand.machine._run.booted -= 60  # as if it had run for a while
    await stand.machine.soft_reboot()
    stand.hypervisor.tell(EventKind.REBOOTED)  # QEMU tells it twice
    stand.hypervisor.tell(EventKind.RESUMED)
    assert (await stand.until(lambda s: s.boot_count == 2)).stage is Stage.RUNNING
    await stand.machine.pause()
    assert stand.ledger.state.boot_count == 2
    assert "reboot by acpi" in stand.hypervisor.calls


@pytest.mark.parametrize(
    ("refuses", "calls"),
    [(False, ["reboot by agent"]), (True, ["reboot by agent", "reboot by acpi"])],
)
async def test_an_agent_is_asked_to_reboot_first(
    make: Make, refuses: bool, calls: list[str]
) -> None:
    stand = make()
    await stand.at(Stage.RUNNING)
    stand.hypervisor.agent_refuses = refuses
    stand.hypervisor.tell(EventKind.AGENT_CONNECTED)
    await stand.until(lambda s: s.agent.connected)
    await stand.machine.soft_reboot()
    assert [call for call in stand.hypervisor.calls if "reboot" in call] == calls


async def test_a_soft_reboot_needs_somebody_who_listens(make: Make) -> None:
    stand = make(features=Features(acpi=False))
    await stand.at(Stage.RUNNING)
    with pytest.raises(HypervisorError, match="neither a connected agent nor ACPI"):
        await stand.machine.soft_reboot()


async def test_a_failed_preparation_says_step_and_remedy_and_is_undone(make: Make) -> None:
    surroundings = FakeSurroundings(failure=HostError("no link `eth0`", "run the CNI first"))
    state = await make(surroundings).end()
    assert state.stage is Stage.FAILED
    assert state.error is not None
    assert (state.error.step, state.error.message) == ("pod-network", "no link `eth0`")
    assert state.error.hint == "run the CNI first"
    assert surroundings.undone


async def test_a_bug_is_a_failure_too(make: Make) -> None:
    state = await make(FakeSurroundings(failure=ZeroDivisionError("oh"))).end()
    assert state.error is not None
    assert state.error.message == "internal error: ZeroDivisionError('oh')"


async def test_a_domain_that_does_not_start_fails(make: Make) -> None:
    stand = make()
    stand.hypervisor.failures = ["no such disk"]
    state = await stand.end()
    assert state.error is not None
    assert (state.error.step, state.error.message) == ("start", "no such disk")


async def test_asked_to_end_while_preparing_it_ends(make: Make) -> None:
    stand = make(FakeSurroundings(slow=True))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    stand.machine.shut_down(30)
    assert (await stand.end()).stage is Stage.SHUT_OFF


class TestKvm:
    """The safety net under a KVM that was thought to work."""

    async def test_a_start_that_fails_is_tried_without_kvm(self, make: Make) -> None:
        surroundings = FakeSurroundings()
        stand = make(surroundings, accelerator=Accelerator.KVM)
        stand.hypervisor.failures = ["failed to set MSR"]
        state = await stand.at(Stage.RUNNING)
        assert surroundings.defined == ["kvm", "qemu"]
        assert state.accelerator == "qemu"
        assert "failed to set MSR" in state.notes[0]

    async def test_an_internal_error_is_tried_without_kvm(self, make: Make) -> None:
        stand = make(accelerator=Accelerator.KVM)
        await stand.at(Stage.RUNNING)
        stand.hypervisor.status = "internal-error"
        stand.hypervisor.tell(EventKind.SUSPENDED, Reason.ASKED)  # libvirt's word for it
        state = await stand.until(lambda s: s.accelerator == "qemu" and s.stage is Stage.RUNNING)
        assert "internal error" in state.notes[0]

    async def test_an_early_death_is_tried_without_kvm(self, make: Make) -> None:
        stand = make(accelerator=Accelerator.KVM)
        await stand.at(Stage.RUNNING)
        stand.hypervisor.end(Reason.FAILED)
        state = await stand.until(lambda s: s.accelerator == "qemu" and s.stage is Stage.RUNNING)
        assert state.error is None

    async def test_a_second_failure_is_final(self, make: Make) -> None:
        stand = make(accelerator=Accelerator.KVM)
        stand.hypervisor.failures = ["failed to set MSR", "no such disk"]
        state = await stand.end()
        assert state.error is not None
        assert state.error.message == "no such disk"

    async def test_an_ordinary_pause_is_not_taken_for_it(self, make: Make) -> None:
        stand = make(accelerator=Accelerator.KVM)
        await stand.at(Stage.RUNNING)
        await stand.machine.pause()
        assert stand.ledger.state.accelerator == "kvm"


async def test_a_guest_comes_from_another_launcher(make: Make, tmp_path: Path) -> None:
    stand = make(incoming=True)
    arrival = stand.machine.arrival = Arrival(stand.ledger, tmp_path / "guest.stream")
    await stand.at(Stage.WAITING)
    await arrival.receive("<domain type='qemu'/>")
    writer = os.open(tmp_path / "guest.stream", os.O_WRONLY)
    os.write(writer, b"guest")
    os.close(writer)
    await arrival.arrive()
    await arrival.take_over(running=True)
    state = await stand.until(lambda s: s.stage is Stage.RUNNING and bool(s.nics))
    assert state.came > 0
    assert state.accelerator == "qemu"
    assert "start" not in stand.hypervisor.calls


async def test_who_waits_for_a_guest_can_be_told_not_to(make: Make, tmp_path: Path) -> None:
    stand = make(incoming=True)
    stand.machine.arrival = Arrival(stand.ledger, tmp_path / "guest.stream")
    await stand.at(Stage.WAITING)
    stand.machine.shut_down(30)
    assert (await stand.end()).stop_reason == "destroyed"


async def test_a_guest_that_went_is_no_failure(make: Make) -> None:
    surroundings = FakeSurroundings()
    stand = make(surroundings)
    await stand.at(Stage.RUNNING)
    await stand.machine.leave()
    state = await stand.end()
    assert (state.stage, state.stop_reason) == (Stage.MIGRATED, "")
    assert "given back" in surroundings.wired
