"""Probes."""

from tests.fakes import crds
from virtctl.models.base import read
from virtctl.models.probes import InstanceProbe


def test_ports_are_numbers_or_names():
    assert read(InstanceProbe, {"tcpSocket": {"port": 22}}).tcp_socket.port == 22
    assert read(InstanceProbe, {"httpGet": {"port": "web"}}).http_get.port == "web"


def test_fields_are_those_of_the_real_definition():
    schema = crds.real(crds.INSTANCE, "spec", "readinessProbe")
    assert crds.differences(InstanceProbe, schema) == []
