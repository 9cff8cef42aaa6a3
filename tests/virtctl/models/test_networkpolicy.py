from virtctl.local.api.shapes import shape_of
from virtctl.models import networkpolicy
from virtctl.models.base import read


def test_fields_have_the_names_of_the_api() -> None:
    peer = {"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}}
    spec = {"podSelector": {}, "ingress": [{"from": [peer], "ports": [{"port": "web"}]}]}
    made = read(networkpolicy.NetworkPolicy, {"spec": spec})
    (rule,) = made.spec.ingress
    assert rule.from_[0].ip_block.except_ == ("10.1.0.0/16",)
    assert rule.ports[0].port == "web"


def test_a_policy_needs_a_selector_of_pods() -> None:
    assert shape_of(networkpolicy.MultiNetworkPolicy).fields["spec"].required == ("podSelector",)
