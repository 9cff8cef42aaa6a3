import pytest

from tests.fakes.attach import FakeMachines
from tests.fakes.service import make_service
from virtctl.errors import ApiError, BadRequest
from virtctl.local.api.verbs import guest
from virtctl.local.api.verbs.guest import Guests
from virtctl.local.api.verbs.ports import GuestAction
from virtctl.models.kinds import VIRTUAL_MACHINE, VIRTUAL_MACHINE_INSTANCE

AGENT = {"type": "AgentConnected", "status": "True"}
PAUSED = {"type": "Paused", "status": "True"}


def scene(phase="Running", conditions=(), **spec):
    service, machines = make_service(), FakeMachines({"hostname": "web"})
    vmi = {
        "metadata": {"name": "web"},
        "spec": spec,
        "status": {"phase": phase, "conditions": list(conditions)},
    }
    service.create(VIRTUAL_MACHINE_INSTANCE, "default", vmi)
    return Guests(service, machines), machines


NO_ACPI = {"domain": {"features": {"acpi": {"enabled": False}}}}


@pytest.mark.parametrize(
    ("action", "phase", "conditions", "spec"),
    [
        (GuestAction.PAUSE, "Running", [], {}),
        (GuestAction.PAUSE, "Running", [], {"livenessProbe": {"guestAgentPing": {}}}),
        (GuestAction.UNPAUSE, "Running", [PAUSED], {}),
        (GuestAction.RESET, "Running", [], {}),
        (GuestAction.SOFT_REBOOT, "Running", [], {}),
        (GuestAction.SOFT_REBOOT, "Running", [AGENT], NO_ACPI),
        (GuestAction.OS_INFO, "Running", [AGENT], {}),
        (GuestAction.FREEZE, "Running", [], {}),
    ],
)
async def test_allowed(action, phase, conditions, spec) -> None:
    guests, machines = scene(phase, conditions, **spec)
    assert await guests.act("default", "web", action, {}) == {"hostname": "web"}
    assert machines.asked == [("web", str(action), {})]


@pytest.mark.parametrize(
    ("action", "phase", "conditions", "spec", "said"),
    [
        (GuestAction.PAUSE, "Scheduling", [], {}, "VM is not running"),
        (GuestAction.PAUSE, "Running", [PAUSED], {}, "VMI is already paused"),
        (GuestAction.PAUSE, "Running", [], {"livenessProbe": {"exec": {}}}, "LivenessProbe"),
        (GuestAction.UNPAUSE, "Failed", [], {}, "VMI is not running"),
        (GuestAction.UNPAUSE, "Running", [], {}, "VMI is not paused"),
        (GuestAction.SOFT_REBOOT, "Running", [PAUSED], {}, "VMI is paused"),
        (GuestAction.SOFT_REBOOT, "Running", [], NO_ACPI, "neither have the agent"),
        (GuestAction.RESET, "Pending", [], {}, "non-running VMI with phase Pending"),
        (GuestAction.USERS, "Running", [], {}, "does not have guest agent connected"),
    ],
)
async def test_refused(action, phase, conditions, spec, said) -> None:
    guests, machines = scene(phase, conditions, **spec)
    with pytest.raises(ApiError, match=said):
        await guests.act("default", "web", action, {})
    assert machines.asked == []


async def test_a_probe_forbids_a_pause_before_all_else() -> None:
    guests, _ = scene(conditions=[PAUSED], livenessProbe={"exec": {}})
    with pytest.raises(ApiError) as caught:
        await guests.act("default", "web", GuestAction.PAUSE, {})
    assert caught.value.code == 403


@pytest.mark.parametrize(
    ("action", "code", "words"),
    [
        (GuestAction.RESET, 400, "because phase is Failed instead of Running or Scheduled"),
        (GuestAction.FREEZE, 409, ": VM is not running"),
        (GuestAction.SOFT_REBOOT, 409, ": VM is not running"),
        (GuestAction.UNFREEZE, 409, ": VMI is not running"),
    ],
)
async def test_ended_guests(action, code, words) -> None:
    guests, _ = scene("Failed")
    with pytest.raises(ApiError) as caught:
        await guests.act("default", "web", action, {})
    assert caught.value.code == code
    assert caught.value.message.endswith(words)


async def test_dry_run_and_absence() -> None:
    guests, machines = scene()
    assert await guests.act("default", "web", GuestAction.PAUSE, {"dryRun": ["All"]}) is None
    assert machines.asked == []
    with pytest.raises(ApiError, match='"none" not found'):
        await guests.act("default", "none", GuestAction.PAUSE, {})


def test_freeze_options() -> None:
    guest.check_freeze({"unfreezeTimeout": "5m0s"})
    with pytest.raises(BadRequest, match="must be a duration"):
        guest.check_freeze({"unfreezeTimeout": 5})


async def test_a_guest_stands_still_for_a_snapshot() -> None:
    service, machines = make_service(), FakeMachines({})
    status = {"snapshotInProgress": "s1"}
    made = service.create(VIRTUAL_MACHINE, "default", {"metadata": {"name": "web"}})
    document = {**made, "status": status}
    service.update(VIRTUAL_MACHINE, "default", "web", document, subresource="status")
    with pytest.raises(ApiError, match="VM snapshot is in progress"):
        await Guests(service, machines).act("default", "web", GuestAction.UNPAUSE, {})
    assert machines.asked == []
