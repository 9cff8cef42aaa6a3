"""Rules of NetworkPolicies."""

import pytest

from virtctl.local.api.rules.networkpolicies import network_policy_causes


def block(cidr, *excepts):
    return {"ingress": [{"from": [{"ipBlock": {"cidr": cidr, "except": list(excepts)}}]}]}


def ports(**port):
    return {"egress": [{"ports": [port]}]}


@pytest.mark.parametrize(
    "spec",
    [
        {"podSelector": {}},
        block("10.0.0.0/8", "10.1.0.0/16"),
        block("fd00::/8"),
        ports(port=80, endPort=90, protocol="UDP"),
        ports(port="web"),
        {"policyTypes": ["Ingress", "Egress"], "ingress": [{}]},
    ],
)
def test_what_is_right(spec):
    assert list(network_policy_causes(spec)) == []


@pytest.mark.parametrize(
    ("spec", "field", "problem"),
    [
        (block("10.0.0.1"), "spec.ingress[0].from[0].ipBlock.cidr", "must be a valid CIDR"),
        (block(""), "spec.ingress[0].from[0].ipBlock.cidr", "Required value"),
        (block("10.0.0.0/8", "11.0.0.0/8"), "from[0].ipBlock.except[0]", "strict subset"),
        (block("10.0.0.0/8", "10.0.0.0/8"), "from[0].ipBlock.except[0]", "strict subset"),
        (block("10.0.0.0/8", "fd00::/16"), "from[0].ipBlock.except[0]", "strict subset"),
        (block("10.0.0.0/8", "x"), "from[0].ipBlock.except[0]", "must be a valid CIDR"),
        (ports(port=0), "spec.egress[0].ports[0].port", "between 1 and 65535"),
        (ports(port=80, endPort=70), "ports[0].endPort", "greater than or equal to `port`"),
        (ports(port=80, endPort=70000), "ports[0].endPort", "between 1 and 65535"),
        (ports(port="web", endPort=70), "ports[0].endPort", "non-numeric"),
        (ports(endPort=70), "ports[0].endPort", "`port` is not specified"),
        (ports(protocol="ICMP"), "ports[0].protocol", 'Unsupported value: "ICMP"'),
        ({"policyTypes": ["All"]}, "spec.policyTypes[0]", "Unsupported value"),
        ({"egress": [{"to": [{}]}]}, "spec.egress[0].to[0]", "must specify a peer"),
        (
            {"egress": [{"to": [{"podSelector": {}, "ipBlock": {"cidr": "10.0.0.0/8"}}]}]},
            "spec.egress[0].to[0]",
            "may not specify both",
        ),
    ],
)
def test_what_is_wrong(spec, field, problem):
    (cause,) = network_policy_causes(spec)
    assert cause.field.endswith(field)
    assert problem in cause.message
