"""Rules of networks that come by resource claims."""

import pytest

from tests.fakes.rules import domain, gates, said, spec
from virtctl.local.api.rules.networkclaims import network_claim_causes

GATE = "NetworkDevicesWithDRA"


def network(name="a", **claim):
    return {"name": name, "resourceClaim": {"claimName": "c", "requestName": "r", **claim}}


def causes(*networks, gate=GATE, **interface):
    nic = {"name": "a", **(interface or {"sriov": {}})}
    document = spec(
        domain=domain(devices={"interfaces": [nic]}),
        networks=[*networks],
        resourceClaims=[{"name": "c"}],
    )
    return said(network_claim_causes(document, "spec", gates(gate)))


def test_good_networks():
    assert causes({"name": "a", "pod": {}}, gate="Other") == []
    assert causes(network()) == []
    assert causes(network(), binding={"name": "plugin"}) == []


@pytest.mark.parametrize(
    ("networks", "field", "message"),
    [
        ([network(), {"name": "b", "multus": {}}], "spec.networks", "mixing Multus and DRA"),
        (
            [network(claimName="")],
            "spec.networks[0].resourceClaim.claimName",
            "claimName is required",
        ),
        (
            [network(requestName="")],
            "spec.networks[0].resourceClaim.requestName",
            "requestName is required",
        ),
        ([network(claimName="d")], "spec.networks[0].resourceClaim.claimName", "not defined"),
        ([network(), network("b")], "spec.networks[1]", 'combination "c/r"'),
    ],
)
def test_bad_networks(networks, field, message):
    ((where, text),) = causes(*networks)
    assert where == field
    assert message in text


def test_they_need_their_gate_and_a_device():
    ((field, message),) = causes(network(), gate="Other")
    assert (field, "feature gate is not enabled" in message) == ("spec.networks", True)
    ((field, message),) = causes(network(), masquerade={})
    assert field == "spec.domain.devices.interfaces"
    assert 'DRA network "a" requires' in message
