from tests.fakes.service import make_service
from virtctl.local.controllers.clusterservice import (
    KEY,
    NAMES_KEY,
    ClusterServiceController,
    api_server,
    name_service,
)
from virtctl.local.node.resolver import MachineNames
from virtctl.local.node.services import virtual_services
from virtctl.models.kinds import ENDPOINT_SLICE, ENDPOINTS, SERVICE

NODES = ("10.244.0.6", "10.244.0.10")


def test_pods_find_the_api_server_as_in_any_cluster() -> None:
    service = make_service()
    ClusterServiceController(api_server(NODES)).prepare(service)
    found = service.get(SERVICE, *KEY)
    assert found["spec"]["clusterIP"] == "10.96.0.1"
    (subset,) = service.get(ENDPOINTS, *KEY)["subsets"]
    assert [one["ip"] for one in subset["addresses"]] == [*NODES]
    (port,) = service.get(ENDPOINT_SLICE, *KEY)["ports"]
    assert port["port"] == found["spec"]["ports"][0]["targetPort"]
    assert MachineNames(service, "cluster.local").resolve("kubernetes.default.svc") == (
        "10.96.0.1",
    )


def test_what_is_as_it_shall_be_stays() -> None:
    service = make_service()
    controller = ClusterServiceController(api_server(NODES))
    controller.prepare(service)
    controller.prepare(service)
    assert controller.decide(controller.observe(service, KEY), 0) == []


def test_what_is_gone_comes_back_and_other_nodes_are_noticed() -> None:
    service = make_service()
    ClusterServiceController(api_server(NODES)).prepare(service)
    service.delete(SERVICE, *KEY)
    controller = ClusterServiceController(api_server(NODES[:1]))
    changes = controller.decide(controller.observe(service, KEY), 0)
    assert [change.kind for change in changes] == [SERVICE, ENDPOINTS, ENDPOINT_SLICE]
    assert changes[1].body["subsets"][0]["addresses"] == [{"ip": NODES[0]}]


def test_only_its_own_objects_concern_it() -> None:
    keys = ClusterServiceController(api_server(NODES)).watched[0].keys
    assert list(keys({"metadata": {"namespace": "default", "name": "kubernetes"}})) == [KEY]
    assert list(keys({"metadata": {"namespace": "other", "name": "kubernetes"}})) == []


def test_the_name_service_has_a_service_too() -> None:
    service = make_service()
    service.ensure_namespace(NAMES_KEY.namespace)
    ClusterServiceController(
        api_server(NODES), name_service(("10.244.0.1", "fd10:244::1"))
    ).prepare(service)
    assert service.get(SERVICE, *NAMES_KEY)["spec"]["clusterIP"] == "10.96.0.10"
    rules = {
        (rule.address, rule.protocol, rule.port): [
            (backend.address, backend.port) for backend in rule.backends
        ]
        for rule in virtual_services(
            service.list(SERVICE).items, service.list(ENDPOINT_SLICE).items
        )
    }
    assert rules["10.96.0.10", "udp", 53] == [("10.244.0.1", 53)]
    assert rules["10.96.0.10", "tcp", 53] == [("10.244.0.1", 53)]
