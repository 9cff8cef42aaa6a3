from launcher.facts import HostFacts
from tests.fakes.service import make_service
from virtctl.local.node import inventory
from virtctl.local.node.inventory import NodeIdentity
from virtctl.local.node.retired import retire_nodes
from virtctl.models.kinds import LEASE, NODE, POD


def add_node(service, name):
    identity = NodeIdentity(name=name, addresses=(), pod_cidrs=(), version="v1")
    service.create(NODE, None, inventory.new_node(identity, HostFacts()))
    service.create(LEASE, inventory.LEASE_NAMESPACE, inventory.lease(identity, 0.0))
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": f"on-{name}", "namespace": "default"},
        "spec": {"nodeName": name, "containers": [{"name": "one", "image": "one"}]},
    }
    service.create(POD, "default", pod)


def names(service, kind):
    return [each["metadata"]["name"] for each in service.list(kind).items]


def test_nodes_go_with_all_that_was_on_them():
    service = make_service()
    service.ensure_namespace(inventory.LEASE_NAMESPACE)
    for name in ("node1", "node2", "node3"):
        add_node(service, name)
    waiting = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "waiting", "namespace": "default"},
        "spec": {"containers": [{"name": "one", "image": "one"}]},
    }
    service.create(POD, "default", waiting)
    assert retire_nodes(service, ("node1",)) == ("node2", "node3")
    assert names(service, NODE) == ["node1"]
    assert names(service, LEASE) == ["node1"]
    assert names(service, POD) == ["on-node1", "waiting"]
    assert retire_nodes(service, ("node1",)) == ()
