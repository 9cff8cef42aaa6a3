import pytest

from tests.fakes.cluster import Cluster, machine
from virtctl.errors import NotFound
from virtctl.local.controllers.namespace import SERVICE_CA
from virtctl.models.kinds import CONFIG_MAP, NAMESPACE, SECRET, SERVICE_ACCOUNT, VIRTUAL_MACHINE


@pytest.fixture
async def cluster():
    made = Cluster()
    made.start()
    yield made
    await made.stop()


async def test_those_that_always_are_have_an_account(cluster):
    names = [one["metadata"]["name"] for one in cluster.service.list(NAMESPACE).items]
    assert names == ["default", "kube-node-lease", "kube-public", "kube-system", "kubevirt"]
    for name in names:
        await cluster.until(lambda name=name: cluster.service.get(SERVICE_ACCOUNT, name, "default"))


async def test_each_has_the_map_that_clients_of_openshift_mount(cluster):
    def made():
        return cluster.service.find(CONFIG_MAP, "default", SERVICE_CA)

    first = await cluster.until(made)
    cluster.service.delete(CONFIG_MAP, "default", SERVICE_CA)
    again = await cluster.until(made)
    assert again["metadata"]["uid"] != first["metadata"]["uid"]
    assert again.get("data") == first.get("data")


async def test_a_deleted_one_is_emptied_first(cluster):
    cluster.service.ensure_namespace("mine")
    cluster.service.create(SECRET, "mine", {"metadata": {"name": "s"}})
    vm = machine()
    vm["metadata"]["namespace"] = "mine"
    cluster.service.create(VIRTUAL_MACHINE, "mine", vm)

    def runs():
        found = cluster.service.get(VIRTUAL_MACHINE, "mine", "vm1")
        return found["status"]["printableStatus"] == "Running"

    await cluster.until(runs)
    cluster.service.delete(NAMESPACE, None, "mine")
    assert cluster.service.get(NAMESPACE, None, "mine")["status"]["phase"] == "Terminating"

    def gone():
        try:
            cluster.service.get(NAMESPACE, None, "mine")
        except NotFound:
            return True
        return False

    await cluster.until(gone)
    assert not cluster.service.list(SECRET, "mine").items
    assert not cluster.host.running


async def test_what_holds_up_a_deletion_is_told(cluster):
    cluster.service.ensure_namespace("mine")
    held = {"metadata": {"name": "s", "finalizers": ["example.com/hold"]}}
    cluster.service.create(SECRET, "mine", held)
    cluster.service.delete(NAMESPACE, None, "mine")

    def told():
        status = cluster.service.get(NAMESPACE, None, "mine")["status"]
        found = {one["type"]: one for one in status.get("conditions", ())}
        return found if "NamespaceContentRemaining" in found else None

    found = await cluster.until(told)
    assert {kind: one["status"] for kind, one in found.items()} == {
        "NamespaceDeletionDiscoveryFailure": "False",
        "NamespaceDeletionGroupVersionParsingFailure": "False",
        "NamespaceDeletionContentFailure": "False",
        "NamespaceContentRemaining": "True",
        "NamespaceFinalizersRemaining": "True",
    }
    assert found["NamespaceContentRemaining"]["message"] == (
        "Some resources are remaining: secrets. has 1 resource instances"
    )
    assert found["NamespaceFinalizersRemaining"]["message"] == (
        "Some content in the namespace has finalizers remaining: example.com/hold in 1 resource "
        "instances"
    )
    held = cluster.service.get(SECRET, "mine", "s")
    held["metadata"]["finalizers"] = []
    cluster.service.update(SECRET, "mine", "s", held)
    await cluster.until(lambda: cluster.service.find(NAMESPACE, None, "mine") is None)
