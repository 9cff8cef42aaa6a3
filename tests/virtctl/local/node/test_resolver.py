import pytest

from virtctl.local.api.service import ApiService
from virtctl.local.node.resolver import MachineNames, reported_addresses
from virtctl.local.store.memory import MemoryLog
from virtctl.local.store.revisions import Store
from virtctl.models.kinds import ENDPOINT_SLICE, POD, SERVICE, VIRTUAL_MACHINE_INSTANCE


@pytest.fixture
def service():
    made = ApiService(Store(MemoryLog()))
    made.ensure_namespace("default")
    return made


@pytest.fixture
def names(service):
    interface = {"name": "default", "ipAddresses": ["fd10::2", "10.244.1.2"]}
    vmi = {
        "metadata": {"name": "vm1"},
        "spec": {"hostname": "web", "subdomain": "site"},
        "status": {"interfaces": [interface]},
    }
    service.create(VIRTUAL_MACHINE_INSTANCE, "default", vmi)
    bare = service.create(VIRTUAL_MACHINE_INSTANCE, "default", {"metadata": {"name": "vm2"}})
    labels = {"kubevirt.io/created-by": bare["metadata"]["uid"]}
    service.create(POD, "default", {"metadata": {"name": "p", "labels": labels}, "spec": {}})
    pod = service.get(POD, "default", "p")
    pod["status"] = {"podIPs": [{"ip": "10.244.1.3"}]}
    service.update(POD, "default", "p", pod, subresource="status")
    return MachineNames(service, "cluster.local")


@pytest.mark.parametrize(
    "name",
    [
        "vm1.default",
        "VM1.default.svc",
        "vm1.default.svc.cluster.local.",
        "web.site.default.svc.cluster.local",
    ],
)
def test_names_of_a_machine(names, name):
    assert names.resolve(name) == ("10.244.1.2", "fd10::2")


def test_machines_may_have_dots_in_their_names(names, service):
    vmi = {"metadata": {"name": "my.vm"}, "status": {"interfaces": [{"ipAddresses": ["10.9.9.9"]}]}}
    service.create(VIRTUAL_MACHINE_INSTANCE, "default", vmi)
    assert names.resolve("my.vm.default") == ("10.9.9.9",)


def serve(service, name, **spec):
    service.create(SERVICE, "default", {"metadata": {"name": name}, "spec": spec})


def test_a_service_has_its_own_address(names, service):
    serve(service, "vm1", clusterIP="10.96.0.20")
    assert names.resolve("vm1.default.svc.cluster.local") == ("10.96.0.20",)


def test_a_headless_service_has_those_behind_it(names, service):
    serve(service, "site", clusterIP="None")
    assert names.resolve("site.default") == ()
    for version, address, ready in (
        ("IPv6", "fd10::2", True),
        ("IPv4", "10.244.1.2", True),
        ("IPv4", "10.244.1.3", False),
    ):
        document = {
            "metadata": {"generateName": "s-", "labels": {"kubernetes.io/service-name": "site"}},
            "addressType": version,
            "endpoints": [{"addresses": [address], "conditions": {"ready": ready}}],
        }
        service.create(ENDPOINT_SLICE, "default", document)
    assert names.resolve("site.default.svc") == ("10.244.1.2", "fd10::2")


def test_an_external_name_is_not_followed(names, service):
    serve(service, "elsewhere", type="ExternalName", externalName="example.org")
    assert names.resolve("elsewhere.default") is None


def test_a_guest_without_address_is_reached_by_its_pod(names):
    assert names.resolve("vm2.default") == ("10.244.1.3",)


@pytest.mark.parametrize("name", ["", "vm1", "vm9.default", "vm1.other", "a.b.default", "a.b.c.d"])
def test_other_names_are_nobodys(names, name):
    assert names.resolve(name) is None


def test_link_local_addresses_lead_nowhere():
    interface = {"name": "default", "ipAddresses": ["fe80::1", "10.244.1.2"]}
    assert reported_addresses({"status": {"interfaces": [interface]}}) == ("10.244.1.2",)


def test_without_interfaces_there_is_no_address():
    assert reported_addresses({"status": {}}) == ()
