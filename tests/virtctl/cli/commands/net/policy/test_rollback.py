import json

from tests.fakes.env import virtctl
from tests.virtctl.cli.test_netpolicies import (
    DESIRED,
    ROOT,
    enactment,
    enactments,
    policy,
    server,
)

__all__ = ["server"]


def test_what_was_before_is_wished_again(server) -> None:
    before = {"interfaces": [{"name": "br1", "mtu": 1400}]}
    server.object(f"{ROOT}/br1", policy(kept=json.dumps(before)))
    enactments(server, [enactment("n1", "Available")])
    ran = virtctl("net", "policy", "rollback", "br1", server=server.url)
    assert (ran.code, ran.out) == (0, "policy br1 is what it was before\n")
    wish, mark = server.writes[0][1]
    assert wish == {"op": "replace", "path": "/spec/desiredState", "value": before}
    assert json.loads(mark["value"]) == DESIRED


def test_nothing_is_known(server) -> None:
    ran = virtctl("net", "policy", "rollback", "br1", server=server.url)
    assert ran.code == 1
    assert "nothing is known of what was before" in ran.err
