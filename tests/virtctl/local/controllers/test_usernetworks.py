"""Networks of users become definitions, and go when nobody uses those."""

import json

from tests.fakes.service import make_service
from virtctl.local.api.service import DeleteOptions
from virtctl.local.controllers.usernetworks import UserNetworkController
from virtctl.local.runtime import reconcile
from virtctl.local.runtime.queue import Key
from virtctl.models.kinds import (
    ATTACHMENT_DEFINITION,
    CLUSTER_USER_NETWORK,
    NAMESPACE,
    POD,
    USER_NETWORK,
)
from virtctl.wire.patches import merge_patch

LAYER2 = {"role": "Secondary", "subnets": ["10.1.0.0/16"]}
NOW = DeleteOptions(grace_period_seconds=0)


def world(*namespaces):
    service = make_service()
    for name in namespaces:
        service.ensure_namespace(name)
        labels = {"metadata": {"labels": {"net": "yes"}}}
        service.patch(NAMESPACE, None, name, merge_patch(labels))
    return service


def turn(service, kind, namespace, name="blue"):
    """One step of the controller."""
    controller = UserNetworkController(kind)
    seen = controller.observe(service, Key(namespace, name))
    if seen is None:
        return
    for change in controller.decide(seen, 5.0):
        reconcile.carry_out(service, change, controller.component, 5.0)


def condition(service, kind, namespace):
    (found,) = service.get(kind, namespace or None, "blue")["status"]["conditions"]
    return found["status"], found["reason"], found["message"]


def blue(namespace="red"):
    return {
        "metadata": {"name": "blue", "namespace": namespace},
        "spec": {"topology": "Layer2", "layer2": LAYER2},
    }


def pod_on(service, namespace):
    asked = json.dumps([{"name": "blue", "namespace": namespace}])
    document = {
        "metadata": {
            "name": "user", "namespace": namespace,
            "annotations": {"k8s.v1.cni.cncf.io/networks": asked},
        },
        "spec": {"containers": [{"name": "c", "image": "i"}]},
    }  # fmt: skip
    service.create(POD, namespace, document)


def test_a_namespaces_network_comes_and_goes():
    service = world("red")
    service.create(USER_NETWORK, "red", blue())
    turn(service, USER_NETWORK, "red")
    nad = service.get(ATTACHMENT_DEFINITION, "red", "blue")
    assert json.loads(nad["spec"]["config"])["name"] == "red_blue"
    status, reason, message = condition(service, USER_NETWORK, "red")
    assert (status, reason) == ("True", "NetworkAttachmentDefinitionCreated")
    assert message == "NetworkAttachmentDefinition has been created"
    before = service.get(USER_NETWORK, "red", "blue")
    turn(service, USER_NETWORK, "red")
    assert service.get(USER_NETWORK, "red", "blue") == before
    pod_on(service, "red")
    service.delete(USER_NETWORK, "red", "blue", NOW)
    turn(service, USER_NETWORK, "red")
    status, reason, message = condition(service, USER_NETWORK, "red")
    assert (status, reason) == ("False", "NetworkAttachmentDefinitionSyncError")
    assert message == (
        "failed to delete NetworkAttachmentDefinition [red/blue]: network in use by the following "
        "pods: [red/user]"
    )
    service.delete(POD, "red", "user", NOW)
    turn(service, USER_NETWORK, "red")
    assert service.find(ATTACHMENT_DEFINITION, "red", "blue") is None
    assert service.find(USER_NETWORK, "red", "blue") is None


def test_a_clusters_network_is_in_the_namespaces_that_it_selects():
    service = world("red", "green")
    spec = {
        "namespaceSelector": {"matchLabels": {"net": "yes"}},
        "network": {"topology": "Layer2", "layer2": LAYER2},
    }
    service.create(CLUSTER_USER_NETWORK, None, {"metadata": {"name": "blue"}, "spec": spec})
    turn(service, CLUSTER_USER_NETWORK, "")
    assert condition(service, CLUSTER_USER_NETWORK, "")[2] == (
        "NetworkAttachmentDefinition has been created in following namespaces: [green, red]"
    )
    for namespace in ("red", "green"):
        nad = service.get(ATTACHMENT_DEFINITION, namespace, "blue")
        assert json.loads(nad["spec"]["config"])["name"] == "cluster_udn_blue"
    service.patch(NAMESPACE, None, "red", merge_patch({"metadata": {"labels": {"net": None}}}))
    turn(service, CLUSTER_USER_NETWORK, "")
    turn(service, CLUSTER_USER_NETWORK, "")
    assert service.find(ATTACHMENT_DEFINITION, "red", "blue") is None
    controller = UserNetworkController(CLUSTER_USER_NETWORK)
    networks, definitions, pods, namespaces = (one.keys for one in controller.watched)
    network = service.get(CLUSTER_USER_NETWORK, None, "blue")
    key = Key("", "blue")
    assert list(networks(network)) == list(pods({})) == list(namespaces({})) == [key]
    assert list(definitions(service.get(ATTACHMENT_DEFINITION, "green", "blue"))) == [key]


def test_what_cannot_be_says_why():
    service = world("red")
    nad = {"metadata": {"name": "blue", "namespace": "red"}, "spec": {"config": "{}"}}
    service.create(ATTACHMENT_DEFINITION, "red", nad)
    service.create(USER_NETWORK, "red", blue())
    turn(service, USER_NETWORK, "red")
    assert condition(service, USER_NETWORK, "red")[2] == (
        "foreign NetworkAttachmentDefinition with the desired name already exist [red/blue]"
    )
    service.delete(ATTACHMENT_DEFINITION, "red", "blue", NOW)
    primary = {"spec": {"layer2": {"role": "Primary"}}}
    service.patch(USER_NETWORK, "red", "blue", merge_patch(primary))
    turn(service, USER_NETWORK, "red")
    assert "role Primary is not served here" in condition(service, USER_NETWORK, "red")[2]
