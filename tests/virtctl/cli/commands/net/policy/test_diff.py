from tests.fakes.env import virtctl
from tests.virtctl.cli.test_netpolicies import MANIFEST, ROOT, policy, server

__all__ = ["server"]


def test_of_a_file_and_of_a_policy(server) -> None:
    line = "n1: interfaces[br1].mtu: 1500 -> 9000\n"
    ran = virtctl("net", "policy", "diff", "-f", "-", server=server.url, stdin=MANIFEST)
    assert (ran.code, ran.out) == (1, line)
    assert virtctl("net", "policy", "diff", "br1", server=server.url).out == line
    server.object(f"{ROOT}/br1", policy({"interfaces": [{"name": "br1", "mtu": 1500}]}))
    assert virtctl("net", "policy", "diff", "br1", server=server.url).code == 0


def test_one_or_the_other(server) -> None:
    assert virtctl("net", "policy", "diff", server=server.url).code == 2
