from tests.virtctl.local.networks.test_policies import DB, LABELS, PODS, policy
from virtctl.local.networks.policies import POD_NETWORK, Ports, World
from virtctl.local.networks.policyverdicts import Verdict, between, selecting, words

WEB, OTHER = PODS[1], PODS[2]
DB_ADDRESS = "10.0.0.1"


def judged(*policies, source=WEB, address=DB_ADDRESS):
    world = World(policies=policies, pods=PODS, labels=LABELS)
    return between(world, POD_NETWORK, source, address)


def test_without_policies_there_is_nothing_to_say() -> None:
    assert judged() == ()
    assert judged(policy(DB), address="192.0.2.1") == ()


def test_a_policy_that_lets_nothing_in() -> None:
    (found,) = judged(policy(DB))
    assert found == Verdict(direction="Ingress", pod="a/db1", selecting=("a/p",))


def test_who_is_let_in() -> None:
    web = {"from": [{"podSelector": {"matchLabels": {"app": "web"}}}]}
    (found,) = judged(policy(DB, ingress=[web]))
    assert found.everything
    (found,) = judged(policy(DB, ingress=[web]), source=OTHER)  # of another namespace
    assert not found.everything
    (found,) = judged(policy(DB, ingress=[{**web, "ports": [{"port": 80, "endPort": 82}]}]))
    assert (found.everything, words(found.ports)) == (False, "TCP 80-82")


def test_the_way_out_comes_first() -> None:
    world = {"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.0.0.1/32"]}}
    out = policy({"matchLabels": {"app": "web"}}, policyTypes=["Egress"], egress=[{"to": [world]}])
    found = judged(out, policy(DB))
    assert [one.direction for one in found] == ["Egress", "Ingress"]
    assert not found[0].everything
    assert judged(out, address="10.0.0.9")[0].everything


def test_which_policies_select_a_pod() -> None:
    world = World(policies=[policy(DB, policyTypes=["Egress", "Ingress"])], pods=PODS)
    assert selecting(world, POD_NETWORK, PODS[0]) == {"a/p": ("Egress", "Ingress")}
    assert between(world, "a/lan", WEB, DB_ADDRESS) == ()


def test_words() -> None:
    assert words([Ports("tcp", 80, 80), Ports("udp")]) == "TCP 80, UDP (all)"
