"""Services."""

from virtctl.models.base import read
from virtctl.models.services import Endpoints, Service


def test_reads_ports():
    ports = [{"port": 22, "targetPort": "ssh", "nodePort": 30022}, {"port": 80, "targetPort": 8080}]
    service = read(Service, {"metadata": {"name": "s"}, "spec": {"ports": ports}})
    assert [port.target_port for port in service.spec.ports] == ["ssh", 8080]


def test_reads_endpoints():
    subset = {"addresses": [{"ip": "10.0.0.1"}], "ports": [{"port": 22}]}
    assert read(Endpoints, {"subsets": [subset]}).subsets[0].addresses[0].ip == "10.0.0.1"
