"""Interfaces and networks."""

from tests.fakes import crds
from virtctl.models.base import read
from virtctl.models.network import Interface


def test_a_binding_is_there_or_not():
    nic = read(Interface, {"name": "default", "masquerade": {}, "ports": [{"port": 22}]})
    assert nic.masquerade is not None
    assert nic.bridge is None
    assert nic.ports[0].port == 22


def test_fields_are_those_of_the_real_definition():
    schema = crds.real(crds.INSTANCE, "spec", "domain", "devices", "interfaces")
    assert crds.differences(Interface, schema) == []
