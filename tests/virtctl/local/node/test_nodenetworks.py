"""A node's share in policies, on a network that remembers what it was told."""

import asyncio
import contextlib
import threading
from pathlib import Path

import pytest

from launcher import hostnet
from launcher.errors import HostError, SpecError
from launcher.nodestate import Applied
from launcher.ops.links import AddNamespace
from tests.fakes.clock import FakeClock
from tests.fakes.service import make_service
from tests.fakes.waiting import until
from virtctl.errors import ApiError
from virtctl.local.node import nodenetworks
from virtctl.local.node.nodenetworks import LocalNetwork, NodeNetworks
from virtctl.local.runtime import conditions, nodepolicies
from virtctl.local.runtime.nodepolicies import Stage
from virtctl.models.kinds import (
    EVENT,
    NODE,
    NODE_NETWORK_ENACTMENT,
    NODE_NETWORK_POLICY,
    NODE_NETWORK_STATE,
)


class FakeNetwork:
    """What ``LocalNetwork`` does, in memory."""

    def __init__(self, failing=None) -> None:
        self.failing = failing
        self.applied = []
        self.free = threading.Event()
        self.free.set()
        self.left = self.died = False
        self.ops = ()

    def show(self):
        return {"interfaces": [{"name": str(len(self.applied))}]}

    def captured(self, captures, desired):
        return dict(captures), dict(desired)

    def apply(self, desired):
        self.free.wait(60)
        self.applied.append(desired)
        if self.failing:
            raise self.failing
        return Applied(desired={**desired, "filled": True}, ops=self.ops, notes=("left out",))

    def recover(self):
        left, self.left = self.left, False
        return left

    def revive(self):
        died, self.died = self.died, False
        return died

    def changes(self):
        return None


@pytest.fixture
def service():
    made = make_service()
    for name in ("node1", "node2"):
        made.create(NODE, None, {"metadata": {"name": name, "labels": {"name": name}}})
    return made


@contextlib.asynccontextmanager
async def running(service, clock=None, **networks):
    tasks = [
        asyncio.create_task(NodeNetworks(service, name, network, clock or FakeClock()).run())
        for name, network in networks.items()
    ]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def policy(service, name="p", **spec):
    body = {"metadata": {"name": name}, "spec": {"desiredState": {"interfaces": []}, **spec}}
    return service.create(NODE_NETWORK_POLICY, None, body)


def stage(service, node="node1", name="p"):
    found = service.find(NODE_NETWORK_ENACTMENT, None, f"{node}.{name}")
    return found and nodepolicies.stage_of(found)


async def test_a_policy_is_carried_out_and_told(service):
    network = FakeNetwork()
    async with running(service, node1=network):
        policy(service, capture={"a": "b"})
        await until(lambda: stage(service) is Stage.AVAILABLE)
        found = service.get(NODE_NETWORK_ENACTMENT, None, "node1.p")
        assert found["status"]["desiredState"] == {"interfaces": [], "filled": True}
        assert found["status"]["capturedStates"] == {"a": {"state": "b"}}
        message = conditions.find_condition(found, "Available")["message"]
        assert message == "successfully reconciled (left out)"
        await until(lambda: service.find(NODE_NETWORK_STATE, None, "node1"))
        state = await until(
            lambda: (
                service.get(NODE_NETWORK_STATE, None, "node1").get("status", {}).get("currentState")
            )
        )
        assert state["interfaces"]
        assert state["hostname"] == {"config": "node1", "running": "node1"}
    assert len(network.applied) == 1


async def test_a_failure_is_told_in_its_own_words(service):
    network = FakeNetwork(SpecError("interfaces[br1].mtu", "must be less", "take less"))
    async with running(service, node1=network):
        policy(service)
        await until(lambda: stage(service) is Stage.FAILING)
    found = service.get(NODE_NETWORK_ENACTMENT, None, "node1.p")
    message = conditions.find_condition(found, "Failing")["message"]
    assert message == "interfaces[br1].mtu: must be less; take less"


async def test_a_mistake_of_ours_does_not_stop_other_policies(service, caplog):
    network = FakeNetwork(KeyError("oops"))
    async with running(service, node1=network):
        policy(service)
        policy(service, "other")
        await until(lambda: stage(service) is stage(service, name="other") is Stage.FAILING)
    found = service.get(NODE_NETWORK_ENACTMENT, None, "node1.p")
    assert "internal error" in conditions.find_condition(found, "Failing")["message"]
    assert "oops" in caplog.text


async def test_a_changed_policy_is_carried_out_again_and_one_for_others_is_not(service):
    network = FakeNetwork()
    async with running(service, node1=network):
        made = policy(service, nodeSelector={"name": "node1"})
        policy(service, "other", nodeSelector={"name": "node2"})
        await until(lambda: stage(service) is Stage.AVAILABLE)
        service.update(
            NODE_NETWORK_POLICY, None, "p",
            {**service.get(NODE_NETWORK_POLICY, None, "p"),
             "spec": {**made["spec"], "desiredState": {"interfaces": [{"name": "x"}]}}},
        )  # fmt: skip
        await until(lambda: len(network.applied) == 2)
        await until(lambda: stage(service) is Stage.AVAILABLE)
        service.update(
            NODE_NETWORK_POLICY, None, "p",
            {**service.get(NODE_NETWORK_POLICY, None, "p"),
             "spec": {**made["spec"], "nodeSelector": {"name": "node2"}}},
        )  # fmt: skip
        await until(lambda: stage(service) is None)
    assert stage(service, name="other") is None


@pytest.fixture
def hasty(monkeypatch):
    monkeypatch.setattr(nodenetworks, "FIRST_PAUSE", 0.001)


async def test_a_failure_is_tried_again_some_times(service, hasty):
    network = FakeNetwork(HostError("no"))
    async with running(service, node1=network):
        policy(service)
        await until(lambda: stage(service) is Stage.FAILING)
        other = policy(service, "other")
        await until(lambda: stage(service, name="other") is Stage.FAILING)
    found = service.get(NODE_NETWORK_ENACTMENT, None, "node1.p")
    assert conditions.find_condition(found, "Failing")["message"] == "no"
    assert found["status"]["retryCount"] == {"1": nodenetworks.ATTEMPTS}
    assert len(network.applied) == 2 * nodenetworks.ATTEMPTS
    said = [each["message"] for each in service.list(EVENT, "default").items
            if each["involvedObject"]["uid"] == other["metadata"]["uid"]]  # fmt: skip
    assert said == ['reconciliation of enactment "node1.other" has failed after 5 retries']


async def test_a_policy_that_cannot_be_told_of_does_not_stop_others(service, monkeypatch, caplog):
    def write(self, policy, outcome):
        if policy["metadata"]["name"] == "a":
            raise ApiError("the name is too long for a label")
        real(self, policy, outcome)

    real = NodeNetworks._write
    monkeypatch.setattr(NodeNetworks, "_write", write)
    async with running(service, node1=FakeNetwork()):
        policy(service, "a")
        policy(service, "b")
        await until(lambda: stage(service, name="b") is Stage.AVAILABLE)
    assert "policy a on node1: the name is too long for a label" in caplog.text


async def test_what_works_at_last_is_available(service, hasty):
    class Fickle(FakeNetwork):
        def apply(self, desired):
            self.failing = HostError("not yet") if len(self.applied) < 2 else None
            return super().apply(desired)

    network = Fickle()
    async with running(service, node1=network):
        policy(service)
        await until(lambda: stage(service) is Stage.AVAILABLE)
    found = service.get(NODE_NETWORK_ENACTMENT, None, "node1.p")
    assert found["status"]["retryCount"] == {"1": 2}
    assert len(network.applied) == 3


async def test_while_it_waits_the_problem_is_told_and_others_go_on(service, monkeypatch):
    monkeypatch.setattr(nodenetworks, "FIRST_PAUSE", 3600)
    network = FakeNetwork(HostError("no"))
    async with running(service, node1=network):
        made = policy(service)
        await until(lambda: stage(service) is Stage.RETRYING)
        found = service.get(NODE_NETWORK_ENACTMENT, None, "node1.p")
        assert conditions.find_condition(found, "Failing")["message"] == "no; retrying 2/5"
        network.failing = None
        policy(service, "other")
        await until(lambda: stage(service, name="other") is Stage.AVAILABLE)
        assert stage(service) is Stage.RETRYING
        # Another generation is not held up by what was before.
        made = service.get(NODE_NETWORK_POLICY, None, "p")
        made["spec"]["desiredState"] = {"interfaces": [{"name": "x"}]}
        service.update(NODE_NETWORK_POLICY, None, "p", made)
        await until(lambda: stage(service) is Stage.AVAILABLE)
    assert "retryCount" not in service.get(NODE_NETWORK_ENACTMENT, None, "node1.p")["status"]


async def test_after_a_restart_it_goes_on_trying(service, monkeypatch):
    monkeypatch.setattr(nodenetworks, "FIRST_PAUSE", 3600)
    async with running(service, node1=FakeNetwork(HostError("no"))):
        policy(service)
        await until(lambda: stage(service) is Stage.RETRYING)
    monkeypatch.setattr(nodenetworks, "FIRST_PAUSE", 0.001)
    network = FakeNetwork(HostError("no"))
    async with running(service, node1=network):
        await until(lambda: stage(service) is Stage.FAILING)
    assert len(network.applied) == nodenetworks.ATTEMPTS - 1


async def test_one_node_at_a_time_and_the_others_give_up_after_a_failure(service, hasty):
    one, two = FakeNetwork(HostError("no")), FakeNetwork()
    one.free.clear()
    async with running(service, node1=one):
        policy(service, maxUnavailable=1)
        await until(lambda: stage(service) is Stage.PROGRESSING)
        async with running(service, node2=two):
            await until(lambda: stage(service, "node2") is Stage.PENDING)
            one.free.set()
            await until(lambda: stage(service) is Stage.FAILING)
            await until(lambda: stage(service, "node2") is Stage.ABORTED)
    assert two.applied == []


async def test_after_a_restart_it_is_made_sure_quietly(service):
    async with running(service, node1=FakeNetwork()):
        policy(service)
        await until(lambda: stage(service) is Stage.AVAILABLE)
    before = service.get(NODE_NETWORK_ENACTMENT, None, "node1.p")
    again = FakeNetwork()
    again.left = True
    async with running(service, node1=again):
        await until(lambda: again.applied)
        await until(lambda: not again.left)
    assert service.get(NODE_NETWORK_ENACTMENT, None, "node1.p") == before


async def test_a_node_that_was_made_again_is_as_desired_since_now(service):
    def since():
        found = service.get(NODE_NETWORK_ENACTMENT, None, "node1.p")
        return conditions.find_condition(found, "Available")["lastTransitionTime"]

    async with running(service, node1=FakeNetwork()):
        policy(service)
        await until(lambda: stage(service) is Stage.AVAILABLE)
    before = since()
    again = FakeNetwork()
    again.ops = (AddNamespace(name="n"),)
    async with running(service, clock=FakeClock(FakeClock().now() + 60), node1=again):
        await until(lambda: since() != before)
    assert (stage(service), len(again.applied)) == (Stage.AVAILABLE, 1)


async def test_a_switch_that_ended_has_its_policies_carried_out_again(service, monkeypatch):
    monkeypatch.setattr(nodenetworks, "REFRESH", 0.02)
    network = FakeNetwork()
    async with running(service, node1=network):
        policy(service)
        await until(lambda: stage(service) is Stage.AVAILABLE)
        network.died = True
        await until(lambda: len(network.applied) == 2)
        assert network.applied[0] == network.applied[1]


def test_the_network_of_a_node_is_behind_the_door(tmp_path: Path):
    network = hostnet.design(["node1"], directory=tmp_path)
    local = LocalNetwork.of(network, network.nodes[0])
    assert local.captured({}, {"a": 1}) == ({}, {"a": 1})
    assert not local.recover()
    local.revive()
    for call in (local.show, local.changes, lambda: local.apply({})):
        with pytest.raises(HostError):
            call()
