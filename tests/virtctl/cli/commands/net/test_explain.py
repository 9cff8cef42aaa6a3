import json
from collections.abc import Iterator

import pytest

from tests.fakes import sighted
from tests.fakes.canned import KUBEVIRT, ApiServer, api_server, vm
from tests.fakes.env import virtctl

CORE = "/api/v1/namespaces/default"
NETWORK = f"/apis/local.virtctl.io/v1/namespaces/default/pods/{sighted.POD}/network"
NADS = "/apis/k8s.cni.cncf.io/v1/namespaces/default/network-attachment-definitions"


@pytest.fixture
def server() -> Iterator[ApiServer]:
    with api_server() as made:
        made.object(f"{KUBEVIRT}/virtualmachines/web", vm())
        made.object(f"{KUBEVIRT}/virtualmachineinstances/web", sighted.vmi())
        made.object(f"{CORE}/pods", {"items": [{"metadata": {"name": sighted.POD}}]})
        made.object(f"{NADS}/lan", sighted.definition(vlan=33))
        made.object(NETWORK, sighted.sights())
        made.object("/api/v1/nodes/node1", {"metadata": {"name": "node1"}})
        yield made


def test_a_node_of_ours(server: ApiServer) -> None:
    ran = virtctl("net", "explain", "web", server=server.url)
    assert ran.out.startswith("web on node1\n")
    assert "enp2s0: frames leave with the tag 33" in ran.out
    data = json.loads(virtctl("net", "explain", "web", "-o", "json", server=server.url).out)
    assert [one["name"] for one in data["interfaces"]] == ["default", "nic-add1"]
    assert data["unseen"] == []
    assert virtctl("net", "explain", "web", "-o", "svg", server=server.url).out.startswith("<svg")
    assert "unseen: []" in virtctl("net", "explain", "web", "-o", "yaml", server=server.url).out


def test_another_cluster_says_what_it_cannot_see(server: ApiServer) -> None:
    server.on("GET", NETWORK, *[])
    interfaces = [{"name": "br1", "type": "linux-bridge", "state": "up", "mtu": 9000}]
    server.object(
        "/apis/nmstate.io/v1beta1/nodenetworkstates/node1",
        {"status": {"currentState": {"interfaces": interfaces}}},
    )
    ran = virtctl("net", "explain", "web", server=server.url)
    assert "not seen: links, counters and rules inside the machine's pod" in ran.out
    assert "9000" in ran.out
    server.on("GET", "/apis/nmstate.io/v1beta1/nodenetworkstates/node1", *[])
    assert "no NodeNetworkState of node1" in virtctl(
        "net", "explain", "web", server=server.url
    ).out  # fmt: skip


def test_refusals(server: ApiServer) -> None:
    assert virtctl("net", "explain", "other", server=server.url).code == 1
    server.on("GET", f"{KUBEVIRT}/virtualmachineinstances/web", *[])
    ran = virtctl("net", "explain", "web", server=server.url)
    assert "does not run, so it has no network yet" in ran.err
