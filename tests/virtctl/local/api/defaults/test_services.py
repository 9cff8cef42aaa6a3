from virtctl.local.api.context import AdmissionContext, NothingStored
from virtctl.local.api.defaults.services import default_service
from virtctl.local.networks.serviceips import NODE_PORTS, allocate, is_inside
from virtctl.models.kinds import NAMESPACE, SERVICE


class Stored(NothingStored):
    """One namespace with services."""

    def __init__(self, *services):
        self.services = services

    def list(self, kind, namespace):
        if kind == NAMESPACE:
            return [{"metadata": {"name": "n"}}]
        return self.services if (kind, namespace) == (SERVICE, "n") else []


def service(*ports, **spec):
    return {
        "metadata": {"name": "web", "namespace": "n"},
        "spec": {"ports": [dict(port) for port in ports], **spec},
    }


def filled(document, *others, old=None):
    default_service(document, AdmissionContext(old=old, stored=Stored(*others)))
    return document["spec"]


def test_a_bare_service_gets_all_it_needs():
    spec = filled(service({"port": 22}))
    address = spec.pop("clusterIP")
    assert is_inside(address)
    assert spec == {
        "type": "ClusterIP",
        "sessionAffinity": "None",
        "internalTrafficPolicy": "Cluster",
        "ipFamilyPolicy": "SingleStack",
        "ipFamilies": ["IPv4"],
        "clusterIPs": [address],
        "ports": [{"port": 22, "protocol": "TCP", "targetPort": 22}],
    }


def test_addresses_are_given_once():
    taken = allocate("n/web", ())
    spec = filled(service({"port": 22}), service(clusterIP=taken))
    assert spec["clusterIP"] != taken


def test_an_address_of_its_own_and_none_stay():
    assert filled(service(clusterIP="10.96.0.10"))["clusterIPs"] == ["10.96.0.10"]
    spec = filled(service(clusterIP="None"))
    assert (spec["clusterIP"], spec["clusterIPs"]) == ("None", ["None"])


def test_an_external_name_has_no_address():
    spec = filled(service(type="ExternalName", externalName="example.org"))
    assert "clusterIP" not in spec


def test_node_ports_are_given_and_kept():
    spec = filled(service({"port": 22}, {"port": 80}, type="NodePort"))
    first, second = (port["nodePort"] for port in spec["ports"])
    assert first in NODE_PORTS
    assert first != second
    assert spec["externalTrafficPolicy"] == "Cluster"
    old = service({"port": 22, "nodePort": 31000}, type="NodePort", clusterIP="10.96.9.9")
    spec = filled(service({"port": 22}, {"port": 80, "nodePort": 31001}, type="NodePort"), old=old)
    assert [port["nodePort"] for port in spec["ports"]] == [31000, 31001]
    assert spec["clusterIP"] == "10.96.9.9"


def test_a_load_balancer_has_node_ports():
    spec = filled(service({"port": 22}, type="LoadBalancer"))
    assert spec["ports"][0]["nodePort"] in NODE_PORTS
    assert spec["allocateLoadBalancerNodePorts"] is True
