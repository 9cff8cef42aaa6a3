import pytest

from tests.fakes.service import USER, make_service
from virtctl.errors import ApiError
from virtctl.local.api.verbs.lifecycle import Lifecycle
from virtctl.models.kinds import VIRTUAL_MACHINE, VIRTUAL_MACHINE_INSTANCE
from virtctl.wire.patches import merge_patch

START = {"action": "Start"}
PAUSED = {"action": "Start", "data": {"paused": "true"}}


class Scene:
    """A machine ``web`` of a strategy, and an instance when it has a phase."""

    def __init__(self, strategy: str, phase: str | None = None, *, status=None, grace=None) -> None:
        self.service = make_service()
        self.lifecycle = Lifecycle(self.service)
        spec = {"running": strategy == "true"} if strategy in {"true", "false"} else {
            "runStrategy": strategy
        }  # fmt: skip
        machine = {"metadata": {"name": "web"}, "spec": spec}
        self.service.create(VIRTUAL_MACHINE, "default", machine)
        if status:
            self.service.patch(
                VIRTUAL_MACHINE,
                "default",
                "web",
                merge_patch({"status": status}),
                subresource="status",
            )
        self.uid = ""
        if phase is not None:
            instance = {"metadata": {"name": "web"}, "spec": {}, "status": {"phase": phase}}
            if grace is not None:
                instance["spec"]["terminationGracePeriodSeconds"] = grace
            made = self.service.create(VIRTUAL_MACHINE_INSTANCE, "default", instance)
            self.uid = made["metadata"]["uid"]

    def ask(self, verb: str, **body) -> str:
        """The refusal, or what is now wanted."""
        try:
            getattr(self.lifecycle, verb)("default", "web", body, USER)
        except ApiError as error:
            return f"{error.code} {error.message.rpartition(': ')[2]}"
        return "ok"

    @property
    def spec(self):
        return self.service.get(VIRTUAL_MACHINE, "default", "web")["spec"]

    @property
    def requests(self):
        vm = self.service.get(VIRTUAL_MACHINE, "default", "web")
        return vm.get("status", {}).get("stateChangeRequests", [])

    @property
    def grace(self):
        vmi = self.service.get(VIRTUAL_MACHINE_INSTANCE, "default", "web")
        return vmi["spec"].get("terminationGracePeriodSeconds")


def test_start_halted() -> None:
    scene = Scene("Halted", status={"startFailure": {"consecutiveFailCount": 3}})
    assert scene.ask("start") == "ok"
    assert scene.spec == {"runStrategy": "Always"}
    assert scene.requests == []
    vm = scene.service.get(VIRTUAL_MACHINE, "default", "web")
    assert "startFailure" not in vm["status"]


def test_start_with_running() -> None:
    scene = Scene("false")
    assert scene.ask("start") == "ok"
    assert scene.spec == {"running": True}
    assert scene.ask("stop") == "ok"
    assert scene.spec == {"running": False}


def test_start_paused() -> None:
    scene = Scene("Halted")
    assert scene.ask("start", paused=True) == "ok"
    assert (scene.spec, scene.requests) == ({"runStrategy": "Halted"}, [PAUSED])


@pytest.mark.parametrize("strategy", ["Manual", "RerunOnFailure"])
def test_start_by_request(strategy) -> None:
    scene = Scene(strategy)
    assert scene.ask("start") == "ok"
    assert scene.requests == [START]
    assert scene.ask(
        "start"
    ) == "500 unable to complete request: stop/start already underway".replace(
        "unable to complete request: ", ""
    )


def test_start_replaces_an_ended_instance() -> None:
    scene = Scene("Manual", "Succeeded")
    assert scene.ask("start") == "ok"
    assert scene.requests == [{"action": "Stop", "uid": scene.uid}, START]


@pytest.mark.parametrize(
    ("strategy", "phase", "said"),
    [
        ("Halted", "Running", "409 VM is already running"),
        ("Manual", "Scheduling", "409 VM is already running"),
        ("Always", None, "409 Always does not support manual start requests"),
        ("Once", None, "409 Once does not support manual start requests"),
        (
            "RerunOnFailure",
            "Failed",
            "409 RerunOnFailure does not support starting VM from failed state",
        ),
    ],
)
def test_start_refused(strategy, phase, said) -> None:
    assert Scene(strategy, phase).ask("start") == said


def test_start_of_nothing_and_dry_run() -> None:
    scene = Scene("Halted")
    assert scene.ask("start", dryRun=["All"]) == "ok"
    assert scene.spec == {"runStrategy": "Halted"}
    scene.service.delete(VIRTUAL_MACHINE, "default", "web")
    assert scene.ask("start") == '404 virtualmachine.kubevirt.io "web" not found'


def test_start_needs_recovery_first() -> None:
    condition = {"type": "ManualRecoveryRequired", "status": "True"}
    assert Scene("Halted", status={"conditions": [condition]}).ask("start").startswith("409")


def test_each_request_forgets_failed_starts() -> None:
    scene = Scene("Manual", "Running", status={"startFailure": {"consecutiveFailCount": 3}})
    assert scene.ask("stop") == "ok"
    vm = scene.service.get(VIRTUAL_MACHINE, "default", "web")
    assert "startFailure" not in vm["status"]


def test_no_restart_while_volumes_change() -> None:
    condition = {"type": "VolumesChange", "status": "True"}
    scene = Scene("Always", "Running", status={"conditions": [condition]})
    assert scene.ask("restart").startswith("409")


@pytest.mark.parametrize("strategy", ["Always", "Once"])
def test_stop(strategy) -> None:
    scene = Scene(strategy, "Running", grace=30)
    assert scene.ask("stop", gracePeriod=3) == "ok"
    assert scene.spec == {"runStrategy": "Halted"}
    assert scene.grace == 3


def test_stop_by_request_overrides_what_waits() -> None:
    scene = Scene("Manual", "Running", status={"stateChangeRequests": [START]})
    assert scene.ask("stop") == "ok"
    assert scene.requests == [{"action": "Stop", "uid": scene.uid}]


@pytest.mark.parametrize(
    ("strategy", "phase", "body", "said"),
    [
        ("Halted", None, {}, "409 VM is not running"),
        ("Manual", "Succeeded", {}, "409 VM is not running"),
        ("RerunOnFailure", "Failed", {}, "409 VM is not running"),
        (
            "Halted",
            "Running",
            {},
            "409 Halted only supports manual stop requests with a shorter graceperiod",
        ),
        (
            "Halted",
            "Running",
            {"gracePeriod": 99},
            "409 Halted only supports manual stop requests with a shorter graceperiod",
        ),
        ("Halted", "Running", {"gracePeriod": 1}, "ok"),
    ],
)
def test_stop_refused(strategy, phase, body, said) -> None:
    assert Scene(strategy, phase, grace=30).ask("stop", **body) == said


def test_restart() -> None:
    scene = Scene("Always", "Running", grace=30)
    assert scene.ask("restart") == "ok"
    assert scene.requests == [{"action": "Stop", "uid": scene.uid}, START]
    assert scene.grace == 30


def test_forced_restart() -> None:
    scene = Scene("Manual", "Running", grace=30)
    assert scene.ask("restart", gracePeriodSeconds=0) == "ok"
    assert scene.grace == 1


@pytest.mark.parametrize(
    ("strategy", "phase", "grace", "said"),
    [
        ("Always", "Running", 5, "400 For force restart, only gracePeriod=0 is supported for now"),
        ("Always", "Running", -1, "400 gracePeriod has to be greater or equal to 0"),
        ("Halted", None, None, "409 RunStategy Halted does not support manual restart requests"),
        ("Once", "Running", None, "409 RunStategy Once does not support manual restart requests"),
        ("Always", None, None, "409 Halted"),
    ],
)
def test_restart_refused(strategy, phase, grace, said) -> None:
    body = {} if grace is None else {"gracePeriodSeconds": grace}
    assert Scene(strategy, phase).ask("restart", **body) == said
