import pytest

from tests.fakes.canned import api_server
from tests.fakes.env import virtctl

NADS = "/apis/k8s.cni.cncf.io/v1/namespaces/default/network-attachment-definitions"
POLICIES = "/apis/nmstate.io/v1/nodenetworkconfigurationpolicies"


@pytest.mark.parametrize("more", [[], ["--dry-run"]])
def test_the_policy_comes_first(more) -> None:
    with api_server() as server:
        server.on("PATCH", f"{POLICIES}/br-lan", {})
        server.on("PATCH", f"{NADS}/lan", {})
        ran = virtctl("net", "create", "lan", "lan", "--nic", "eth1", *more, server=server.url)
        assert ran.out.splitlines() == [
            "nodenetworkconfigurationpolicy br-lan applied",
            "network-attachment-definition lan applied",
        ]
        assert [path for path, _ in server.writes] == [
            f"PATCH {POLICIES}/br-lan", f"PATCH {NADS}/lan",
        ]  # fmt: skip
        assert all(("dryRun" in one.query) == bool(more) for one in server.asked)
        ran = virtctl(
            "net", "create", "lan", "lan", "--bridge", "b", "-o", "json", server=server.url
        )
        assert '"kind": "NetworkAttachmentDefinition"' in ran.out


def test_a_refusal() -> None:
    with api_server() as server:
        ran = virtctl("net", "create", "isolated", "x", server=server.url)
        assert ran.code == 1
        assert "cannot create nodenetworkconfigurationpolicy br-x" in ran.err
