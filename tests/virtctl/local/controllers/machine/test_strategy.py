import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.shelf import NOW
from virtctl.local.controllers.machine.seen import RunStrategy, Seen
from virtctl.local.controllers.machine.strategy import (
    Move,
    Verdict,
    backoff,
    consider,
    pending_requests,
    start_failure,
)


def vm(strategy, *requests, seen=""):
    status = {"stateChangeRequests": list(requests), "runStrategy": seen}
    return {"metadata": {"name": "vm1"}, "spec": {"runStrategy": strategy}, "status": status}


def vmi(phase="Running", uid="u"):
    return {"metadata": {"name": "vm1", "uid": uid}, "status": {"phase": phase}}


def move(strategy, instance=None, *requests, seen=""):
    return consider(Seen(vm=vm(strategy, *requests, seen=seen), vmi=instance), NOW).move


START = {"action": "Start"}


def test_what_each_strategy_does_without_an_instance():
    moves = {strategy: move(strategy, seen=strategy) for strategy in RunStrategy}
    assert moves == {
        RunStrategy.ALWAYS: Move.START,
        RunStrategy.RERUN_ON_FAILURE: Move.NONE,
        RunStrategy.MANUAL: Move.NONE,
        RunStrategy.HALTED: Move.NONE,
        RunStrategy.ONCE: Move.START,
        RunStrategy.WAIT_AS_RECEIVER: Move.NONE,
    }


def test_a_strategy_that_is_new_to_the_machine_starts_it():
    assert move("RerunOnFailure") is Move.START
    assert move("Once", seen="Halted") is Move.START


def test_a_start_request_starts_and_switches_on():
    assert move("Manual", None, START, seen="Manual") is Move.START
    assert move("RerunOnFailure", None, START, seen="RerunOnFailure") is Move.START
    assert move("Halted", None, START) is Move.SWITCH_ON


def test_a_stop_request_is_for_one_instance_only():
    assert move("Manual", vmi(uid="a"), {"action": "Stop", "uid": "a"}) is Move.STOP
    assert move("Manual", vmi(uid="a"), {"action": "Stop", "uid": "b"}) is Move.NONE


def test_running_is_the_boolean_form():
    seen = Seen(vm={"metadata": {"name": "vm1"}, "spec": {"running": True}})
    assert consider(seen, NOW).move is Move.START


def test_done_requests_are_trimmed_one_a_turn():
    stop = {"action": "Stop", "uid": "gone"}
    seen = Seen(vm=vm("Manual", stop, START))
    assert pending_requests(seen, Verdict()) == [START]
    seen = Seen(vm=vm("Manual", START), vmi=vmi())
    assert pending_requests(seen, Verdict()) == []


def test_a_failure_is_counted_once_and_cleared_by_running():
    failed = vmi("Failed", "u1")
    first = start_failure(Seen(vm=vm("Always"), vmi=failed), NOW)
    assert first["consecutiveFailCount"] == 1
    known = vm("Always")
    known["status"]["startFailure"] = first
    assert start_failure(Seen(vm=known, vmi=failed), NOW) == first
    assert start_failure(Seen(vm=known), NOW) == first
    ran = vmi("Failed", "u2")
    ran["status"]["phaseTransitionTimestamps"] = [{"phase": "Running"}]
    assert start_failure(Seen(vm=known, vmi=ran), NOW) is None


@pytest.mark.parametrize("strategy", ["Halted", "Manual"])
def test_failures_of_machines_that_are_not_started_again_are_forgotten(strategy):
    known = vm(strategy)
    known["status"]["startFailure"] = {"consecutiveFailCount": 2, "lastFailedVMIUID": "u1"}
    assert start_failure(Seen(vm=known), NOW) is None
    assert start_failure(Seen(vm=known, vmi=vmi("Failed", "u3")), NOW) is None
    known["spec"]["runStrategy"] = "Always"
    assert start_failure(Seen(vm=known), NOW)["consecutiveFailCount"] == 2


@given(st.integers(1, 50), st.uuids())
def test_backoff_stays_in_its_bounds(count, uid):
    delay = backoff(count, str(uid))
    assert min(10 * count**2, 300) <= delay <= min(15 * count**2, 300)
