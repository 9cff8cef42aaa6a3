"""Networks of OVN follow their definitions."""

import asyncio
import json

import pytest

from tests.fakes.clock import FakeClock
from tests.fakes.ovn import FakeOvn
from tests.fakes.service import make_service
from tests.fakes.waiting import until
from virtctl.local.api.service import DeleteOptions
from virtctl.local.node import overlays
from virtctl.local.node.overlays import Overlays
from virtctl.models.kinds import ATTACHMENT_DEFINITION, EVENT, NODE

NOW = DeleteOptions(grace_period_seconds=0)


def define(service, name="l2", **changes):
    config = {
        "cniVersion": "0.3.1", "name": f"{name}-network", "type": "ovn-k8s-cni-overlay",
        "topology": "layer2", "netAttachDefName": f"default/{name}", **changes,
    }  # fmt: skip
    document = {
        "metadata": {"name": name, "namespace": "default"}, "spec": {"config": json.dumps(config)},
    }  # fmt: skip
    return service.create(ATTACHMENT_DEFINITION, "default", document)


async def test_what_is_started_first_did_not_die(monkeypatch):
    monkeypatch.setattr(overlays, "LOOK", 0.01)
    service, ovn, failures = make_service(), FakeOvn(), []
    ovn.died = ("ovn-northd",)
    task = asyncio.create_task(Overlays(service, ovn, FakeClock(), failures.append).run())
    await until(lambda: not ovn.died)
    assert failures == []
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def running(monkeypatch):
    monkeypatch.setattr(overlays, "LOOK", 0.01)
    monkeypatch.setattr(overlays, "_AGAIN", 0.05)
    service, ovn = make_service(), FakeOvn()
    service.ensure_namespace("default")
    failures = []
    task = asyncio.create_task(Overlays(service, ovn, FakeClock(), failures.append).run())
    ovn.failures = failures
    yield service, ovn
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_networks_come_and_go_with_their_definitions(running):
    service, ovn = running
    define(service)
    define(service, "lan", topology="localnet", vlanID=34)
    await until(lambda: len(ovn.networks) == 2)
    localnet = ovn.networks["lan.network_ovn_localnet_switch"].localnet
    assert (localnet.network, localnet.tag) == ("lan-network", 34)
    service.delete(ATTACHMENT_DEFINITION, "default", "l2", NOW)
    await until(lambda: list(ovn.networks) == ["lan.network_ovn_localnet_switch"])
    ovn.died = ("ovn-northd",)
    await until(lambda: not ovn.died)


async def test_what_is_wrong_with_a_definition_is_told_once(running):
    service, ovn = running
    define(service, "bad", ipam={"type": "host-local"})

    def told():
        return list(service.list(EVENT, "default").items)

    (event,) = await until(told)
    assert (event["reason"], event["type"]) == ("OverlayNetworkFailed", "Warning")
    assert event["message"].startswith("error parsing Network Attachment Definition default/bad")
    ovn.refuse = "OVN is not installed: the packages ovn-central, ovn-host are missing"
    define(service)
    await until(lambda: len(told()) == 2)
    assert "ovn-central, ovn-host are missing; install it" in told()[1]["message"]
    ovn.refuse = ""
    await until(lambda: ovn.networks)
    assert [one["count"] for one in told()] == [1, 1]


async def test_a_program_that_died_is_told_of_its_node(running):
    service, ovn = running
    for name in ("node1", "node2"):
        service.create(NODE, "", {"metadata": {"name": name}})
    define(service)
    await until(lambda: ovn.networks)
    await until(lambda: ovn.looks)  # at all that runs
    for died in ("node2/ovn-controller", "ovn-northd"):
        ovn.died = (died,)
        await until(lambda: not ovn.died)
    await until(lambda: len(list(service.list(EVENT, "default").items)) == 3)
    told = {
        (one["involvedObject"]["name"], one["message"].partition(" ")[0])
        for one in service.list(EVENT, "default").items
    }
    assert told == {
        ("node2", "node2/ovn-controller"), ("node1", "ovn-northd"), ("node2", "ovn-northd"),
    }  # fmt: skip
    assert ovn.failures == [
        "node2/ovn-controller of OVN had ended and was started again",
        "ovn-northd of OVN had ended and was started again",
    ]
    ovn.refuse = "ovn-northd did not start: no space left"
    await until(lambda: ovn.refuse in ovn.failures)


async def test_networks_without_definitions_are_removed_at_the_start(monkeypatch):
    service, ovn = make_service(), FakeOvn()
    ovn.networks["old_ovn_layer2_switch"] = None
    task = asyncio.create_task(Overlays(service, ovn, FakeClock()).run())
    monkeypatch.setattr(ovn, "switches", lambda: {key: {} for key in ovn.networks})
    await until(lambda: not ovn.networks)
    assert not task.done()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
