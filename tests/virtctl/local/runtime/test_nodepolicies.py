"""Policies for networks of nodes, and their enactments."""

import pytest

from virtctl.local.runtime import nodepolicies
from virtctl.local.runtime.conditions import find_condition
from virtctl.local.runtime.nodepolicies import Outcome, Stage
from virtctl.local.runtime.times import stamp

POLICY = {
    "metadata": {"name": "p", "uid": "u", "generation": 2},
    "spec": {
        "nodeSelector": {"node-role.kubernetes.io/virt": ""},
        "desiredState": {"interfaces": [{"name": "br1"}]},
    },
}


def test_who_is_meant():
    assert nodepolicies.selects(POLICY, {"node-role.kubernetes.io/virt": "", "other": "x"})
    assert not nodepolicies.selects(POLICY, {})
    assert nodepolicies.selects({"spec": {}}, {})


@pytest.mark.parametrize(
    ("given", "nodes", "most"),
    [
        (None, 1, 1), (None, 3, 2), (None, 4, 2), (3, 10, 3), (0, 10, 1), ("2", 10, 5),
        ("10%", 3, 1), ("50%", 5, 3), ("100%", 4, 4), ("many", 4, 2),
    ],
)  # fmt: skip
def test_how_many_at_once(given, nodes, most):
    assert nodepolicies.limit({"spec": {"maxUnavailable": given}}, nodes) == most


def enactment(stage, generation=2, message=""):
    document = nodepolicies.new_enactment(POLICY, "node1")
    policy = {**POLICY, "metadata": {**POLICY["metadata"], "generation": generation}}
    status = nodepolicies.enactment_status(
        document, policy, Outcome(stage=stage, message=message), 1.0
    )
    return {**document, "status": status}


@pytest.mark.parametrize("stage", [each for each in Stage if each is not Stage.RETRYING])
def test_an_enactment_tells_its_stage(stage):
    found = enactment(stage, message="why")
    assert nodepolicies.stage_of(found) is stage
    assert nodepolicies.is_current(found, POLICY)
    assert find_condition(found, stage)["message"] == "why"
    assert found["metadata"]["name"] == "node1.p"
    assert found["status"]["desiredState"] == POLICY["spec"]["desiredState"]


def test_an_enactment_tells_features_of_what_is_wished_now():
    made = nodepolicies.new_enactment(POLICY, "node1")
    for desired, found in (({"routes": {"config": [{}]}}, ["static-route"]), (None, None)):
        outcome = Outcome(stage=Stage.AVAILABLE, desired=desired)
        made["status"] = nodepolicies.enactment_status(made, POLICY, outcome, 1.0)
        assert made["status"].get("features") == found


def test_one_that_is_tried_again_fails_and_progresses():
    outcome = Outcome(stage=Stage.RETRYING, message="why", failures=2)
    document = nodepolicies.new_enactment(POLICY, "node1")
    found = {"status": nodepolicies.enactment_status(document, POLICY, outcome, 1.0)}
    for kind in ("Failing", "Progressing"):
        told = find_condition(found, kind)
        assert (told["status"], told["reason"], told["message"]) == ("True", "Retrying", "why")
    assert nodepolicies.stage_of(found) is Stage.RETRYING
    assert found["status"]["retryCount"] == {"2": 2}
    assert nodepolicies.failures_of(found, POLICY) == 2
    assert nodepolicies.failures_of(document, POLICY) == 0


def test_a_condition_tells_when_it_was_last_told_anew():
    made = nodepolicies.new_enactment(POLICY, "node1")
    times = []
    for now, message in ((1.0, "a"), (2.0, "a"), (3.0, "b")):
        outcome = Outcome(stage=Stage.AVAILABLE, message=message)
        made["status"] = nodepolicies.enactment_status(made, POLICY, outcome, now)
        told = find_condition(made, "Available")
        times.append((told["lastHeartbeatTime"], told["lastTransitionTime"]))
    assert times == [(stamp(1.0), stamp(1.0)), (stamp(1.0), stamp(1.0)), (stamp(3.0), stamp(1.0))]


@pytest.mark.parametrize(
    ("most", "stages", "what"),
    [
        (1, [], None), (1, [Stage.AVAILABLE], None), (1, [Stage.PROGRESSING], Stage.PENDING),
        (1, [Stage.RETRYING], Stage.PENDING), (1, [Stage.FAILING], Stage.ABORTED),
        (2, [Stage.FAILING], None), (2, [Stage.FAILING, Stage.PROGRESSING], Stage.PENDING),
        (2, [Stage.FAILING] * 2, Stage.ABORTED), (2, [Stage.ABORTED, Stage.PENDING], None),
    ],
)  # fmt: skip
def test_whose_turn_it_is(most, stages, what):
    policy = {**POLICY, "spec": {**POLICY["spec"], "maxUnavailable": most}}
    others = [enactment(stage) for stage in stages]
    assert nodepolicies.halted(policy, 4, others) is what
    old = [enactment(stage, generation=1) for stage in stages]
    assert nodepolicies.halted(policy, 4, old) is None


@pytest.mark.parametrize(("changed", "since"), [(False, 1.0), (True, 2.0)])
def test_what_had_to_be_made_again_holds_since_then(changed, since):
    made = nodepolicies.new_enactment(POLICY, "node1")
    for now, again in ((1.0, True), (2.0, changed)):
        outcome = Outcome(stage=Stage.AVAILABLE, changed=again)
        made["status"] = nodepolicies.enactment_status(made, POLICY, outcome, now)
    times = {one["lastTransitionTime"] for one in made["status"]["conditions"]}
    assert times == {stamp(since)}


def test_captures_are_kept_and_forgotten():
    document = nodepolicies.new_enactment(POLICY, "node1")
    outcome = Outcome(stage=Stage.AVAILABLE, captured={"gw": {"routes": {}}}, desired={"a": 1})
    status = nodepolicies.enactment_status(document, POLICY, outcome, 1.0)
    assert status["capturedStates"] == {"gw": {"state": {"routes": {}}}}
    assert status["desiredState"] == {"a": 1}
    again = nodepolicies.enactment_status(
        {**document, "status": status}, POLICY, Outcome(stage=Stage.FAILING), 2.0
    )
    assert "capturedStates" not in again


@pytest.mark.parametrize(
    ("nodes", "stages", "kind", "reason", "message"),
    [
        (0, [], "Ignored", "NoMatchingNode", "Policy does not match any node"),
        (2, [], "Progressing", "ConfigurationProgressing",
         "Policy is progressing 0/2 nodes finished"),
        (2, [Stage.AVAILABLE, Stage.PROGRESSING], "Progressing", "ConfigurationProgressing",
         "Policy is progressing 1/2 nodes finished"),
        (2, [Stage.AVAILABLE] * 2, "Available", "SuccessfullyConfigured",
         "2/2 nodes successfully configured"),
        (2, [Stage.FAILING, Stage.AVAILABLE], "Degraded", "FailedToConfigure",
         "1/2 nodes failed to configure"),
        (2, [Stage.FAILING, Stage.ABORTED], "Degraded", "FailedToConfigure",
         "1/2 nodes failed to configure, 1 nodes aborted configuration"),
        (2, [Stage.RETRYING], "Degraded", "FailedToConfigure", "1/2 nodes failed to configure"),
        (3, [Stage.AVAILABLE, Stage.PENDING], "Progressing", "ConfigurationProgressing",
         "Policy is progressing 1/3 nodes finished, 1 pending"),
    ],
)  # fmt: skip
def test_a_policy_tells_how_it_went(nodes, stages, kind, reason, message):
    every = [{"metadata": {"name": str(number)}} for number in range(nodes)]
    made = [enactment(each) for each in stages]
    found = {"status": nodepolicies.policy_status(POLICY, every, made, 1.0)}
    assert find_condition(found, kind) == {
        "type": kind, "status": "True", "reason": reason, "message": message,
        "lastHeartbeatTime": "1970-01-01T00:00:01Z", "lastTransitionTime": "1970-01-01T00:00:01Z",
    }  # fmt: skip
    busy = {Stage.PROGRESSING, Stage.RETRYING, Stage.FAILING} & set(stages)
    assert found["status"].get("unavailableNodeCountMap") == ({"2": 1} if busy else None)
    assert {each["type"] for each in found["status"]["conditions"]} == {
        "Available", "Degraded", "Progressing", "Ignored",
    }  # fmt: skip


def test_nodes_that_are_not_ready_are_not_waited_for():
    off = {"status": {"conditions": [{"type": "Ready", "status": "False"}]}}
    made = [enactment(Stage.AVAILABLE)]
    found = {"status": nodepolicies.policy_status(POLICY, [{}, off], made, 1.0)}
    said = "1/2 nodes successfully configured, 1 nodes ignored due to NotReady state"
    assert find_condition(found, "Available")["message"] == said


def test_enactments_of_an_older_policy_do_not_count():
    status = nodepolicies.policy_status(
        POLICY, [{}], [enactment(Stage.AVAILABLE, generation=1)], 1.0
    )
    assert find_condition({"status": status}, "Progressing")["status"] == "True"


def test_the_oldest_comes_first():
    made = [
        {"metadata": {"name": name, "creationTimestamp": when}}
        for name, when in (("c", "2026-01-02"), ("b", "2026-01-01"), ("a", "2026-01-02"))
    ]
    assert [each["metadata"]["name"] for each in nodepolicies.oldest_first(made)] == ["b", "a", "c"]
    assert nodepolicies.state_document(made[0])["metadata"]["name"] == "c"
