import json

from tests.fakes.env import virtctl
from tests.virtctl.cli.test_netpolicies import enactment, enactments, server

__all__ = ["server"]


def test_each_node(server) -> None:
    failed = enactment("n2", "Failing", "many words\nerror: no such port")
    enactments(server, [enactment("n1", "Available", "done"), failed])
    ran = virtctl("net", "policy", "why", "br1", server=server.url)
    assert ran.code == 1
    assert ran.out.splitlines() == ["n1: Available: done", "n2: Failing: error: no such port"]
    data = json.loads(virtctl("net", "policy", "why", "br1", "-o", "json", server=server.url).out)
    assert data[1]["reason"] == "error: no such port"


def test_nobody_has_begun(server) -> None:
    enactments(server, [])
    ran = virtctl("net", "policy", "why", "br1", server=server.url)
    assert (ran.code, "nodeSelector" in ran.err) == (0, True)
    assert virtctl("net", "policy", "why", "other", server=server.url).code == 1
