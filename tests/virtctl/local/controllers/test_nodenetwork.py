"""The status of policies for networks of nodes."""

from tests.fakes.service import make_service
from virtctl.local.api.service import DeleteOptions
from virtctl.local.controllers.nodenetwork import NodeNetworkController
from virtctl.local.runtime import nodepolicies
from virtctl.local.runtime.changes import describe
from virtctl.local.runtime.nodepolicies import Outcome, Stage
from virtctl.local.runtime.queue import Key
from virtctl.models.documents import name_of
from virtctl.models.kinds import NODE, NODE_NETWORK_ENACTMENT, NODE_NETWORK_POLICY


def test_a_policy_is_followed_on_the_nodes_that_it_is_for():
    service, controller = make_service(), NodeNetworkController()
    for name, labels in (("node1", {"role": "virt"}), ("node2", {})):
        service.create(NODE, None, {"metadata": {"name": name, "labels": labels}})
    policy = service.create(
        NODE_NETWORK_POLICY, None,
        {"metadata": {"name": "p"}, "spec": {"nodeSelector": {"role": "virt"}, "desiredState": {}}},
    )  # fmt: skip
    for node in ("node1", "node2"):
        made = nodepolicies.new_enactment(policy, node)
        outcome = Outcome(stage=Stage.AVAILABLE)
        made["status"] = nodepolicies.enactment_status(made, policy, outcome, 1.0)
        service.create(NODE_NETWORK_ENACTMENT, None, made)
    policies, enactments, nodes = (watched.keys for watched in controller.watched)
    key = Key("", "p")
    assert list(policies(policy)) == [key]
    assert list(nodes({"metadata": {"name": "node1"}})) == [key]
    assert list(enactments(service.list(NODE_NETWORK_ENACTMENT).items[0])) == [key]
    assert list(enactments({"metadata": {"name": "x"}})) == []
    seen = controller.observe(service, key)
    assert [name_of(node) for node in seen.nodes] == ["node1"]
    (change,) = controller.decide(seen, 5.0)
    assert describe(change)["patch"] == "NodeNetworkConfigurationPolicy/status"
    assert controller.observe(service, Key("", "other")) is None
    service.delete(NODE, None, "node2", DeleteOptions(grace_period_seconds=0))
    first, _ = controller.decide(controller.observe(service, key), 5.0)
    assert first.name == "node2.p"
    gone = {
        **policy,
        "metadata": {**policy["metadata"], "deletionTimestamp": "2026-01-01T00:00:00Z"},
    }
    assert controller.decide(type(seen)(gone, (), ()), 5.0) == ()
