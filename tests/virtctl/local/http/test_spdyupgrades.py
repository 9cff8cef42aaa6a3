from tests.fakes.spdyclient import upgraded
from virtctl.local.http.spdyupgrades import offered_name

FORWARD = "/api/v1/namespaces/default/pods/none/portforward"


def test_names() -> None:
    assert offered_name("SPDY%2F3.1+portforward.k8s.io") == "SPDY/3.1+portforward.k8s.io"
    assert offered_name("plain.kubevirt.io") == "plain.kubevirt.io"


async def test_refusals_are_answers(server) -> None:
    async with upgraded(server.socket, FORWARD, "portforward.k8s.io") as (head, reader, _):
        assert head.startswith("HTTP/1.1 404 Not Found\r\n")
        assert "content-type: application/json" in head
        assert b'pods \\"none\\" not found' in await reader.read()


async def test_paths_without_streams(server) -> None:
    async with upgraded(server.socket, "/version", "portforward.k8s.io") as (head, _, _):
        assert head.startswith("HTTP/1.1 400")
