"""What is filled in of NetworkPolicies."""

from virtctl.local.api.defaults.networkpolicies import default_network_policy


def filled(**spec):
    document = {"spec": {"podSelector": {}, **spec}}
    default_network_policy(document)
    return document["spec"]


def test_types_follow_from_the_rules():
    assert filled()["policyTypes"] == ["Ingress"]
    assert filled(egress=[{}])["policyTypes"] == ["Ingress", "Egress"]
    assert filled(egress=[{}], policyTypes=["Egress"])["policyTypes"] == ["Egress"]


def test_ports_are_of_tcp():
    made = filled(ingress=[{"ports": [{"port": 80}, {"port": 53, "protocol": "UDP"}]}])
    assert [port["protocol"] for port in made["ingress"][0]["ports"]] == ["TCP", "UDP"]


def test_a_policy_without_a_spec_is_left_alone():
    document = {"metadata": {}}
    default_network_policy(document)
    assert document == {"metadata": {}}


def test_what_has_other_types_is_left_to_others():
    assert filled(ingress="all", policyTypes=["Ingress"])["ingress"] == "all"
