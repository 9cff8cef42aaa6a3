import pytest

from tests.fakes import sighted
from tests.fakes.canned import api_server, refused
from tests.virtctl.local.networks.test_policies import PODS, policy
from virtctl.cli.netpaths import Goal, Machine
from virtctl.cli.netrules import findings, known_to
from virtctl.local.networks.policies import World
from virtctl.output.networks import facts
from virtctl.output.networks.findings import BAD, GOOD, UNKNOWN

WEB = {"matchLabels": {"app": "web"}}


def machine():
    return Machine(
        name="web", namespace="a", spec={}, vmi=sighted.vmi(), pod=PODS[1],
        facts=facts.read(sighted.sights()),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("egress", "state", "said"),
    [
        ([], BAD, "Egress of a/web2, towards 10.0.0.1: nothing passes, by a/p"),
        ([{}], GOOD, "allowed by a/p"),
        ([{"ports": [{"port": 53, "protocol": "UDP"}]}], UNKNOWN, "a/p let pass only UDP 53"),
    ],
)
def test_what_policies_say(egress, state, said) -> None:
    known = World(policies=[policy(WEB, policyTypes=["Egress"], egress=egress)], pods=PODS)
    first, verdict = findings(known, machine(), Goal("10.0.0.1"))
    assert first.said == "the policy a/p selects it for Egress"
    assert verdict.state == state
    assert said in verdict.said


def test_what_there_is_none_of(session_at) -> None:
    with api_server() as server:
        session = session_at(server.url)
        known = known_to(session, "a")
        assert (list(known.world.policies), known.unseen) == ([], ())
        server.object("/apis/networking.k8s.io/v1/networkpolicies", {"items": [policy(WEB)]})
        server.object("/api/v1/pods", {"items": [*PODS]})
        known = known_to(session, "a")
        assert (len(known.world.policies), len(known.world.pods)) == (1, 3)


def test_what_is_not_ours_to_read(session_at) -> None:
    base = "/apis/networking.k8s.io/v1"
    with api_server() as server:
        for path in (f"{base}/networkpolicies", "/api/v1/namespaces", "/api/v1/pods"):
            server.on("GET", path, refused(403, "Forbidden", "no"))
        server.object(f"{base}/namespaces/a/networkpolicies", {"items": [policy(WEB)]})
        known = known_to(session_at(server.url), "a")
        assert len(known.world.policies) == 1
        assert known.unseen == (
            "networkpolicies of other namespaces", "pods of all namespaces",
            "namespaces of the cluster",
        )  # fmt: skip
