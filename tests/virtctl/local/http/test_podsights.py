import pytest

from virtctl.models.kinds import POD

PODS = "/apis/local.virtctl.io/v1/namespaces/default/pods"


@pytest.fixture
def stored(server):
    spec = {"nodeName": "node1", "containers": [{"name": "compute"}]}
    return server.service.create(POD, "default", {"metadata": {"name": "p"}, "spec": spec})


async def test_the_network_of_a_pod(client, stored) -> None:
    answer = await client.get(
        f"{PODS}/p/network?ask=tap0,10.0.2.2/tap1,10.0.2.3&name=a.b&echo=10.0.2.2,84"
    )
    asked = ["tap0,10.0.2.2", "tap1,10.0.2.3"]
    assert answer.json() == {
        "node": "node1", "answers": asked, "names": ["a.b"], "echoes": ["10.0.2.2,84"],
    }  # fmt: skip
    assert (await client.get(f"{PODS}/none/network")).status_code == 404
    assert (await client.post(f"{PODS}/p/network")).status_code == 405
    assert (await client.get(f"{PODS}/p/other")).status_code == 404


async def test_a_capture(client, stored) -> None:
    answer = await client.get(f"{PODS}/p/capture?scope=node&link=br1")
    assert answer.text == "pcap of node br1"
    assert answer.headers["content-type"] == "application/vnd.tcpdump.pcap"
    assert (await client.get(f"{PODS}/p/capture?scope=node")).status_code == 400
    assert (await client.get(f"{PODS}/p/capture?scope=moon&link=br1")).status_code == 400
