import json

from tests.fakes.canned import Answer
from tests.fakes.env import virtctl
from tests.virtctl.cli.test_netpolicies import (
    MANIFEST,
    MARK,
    ROOT,
    enactment,
    enactments,
    policy,
    server,
)

__all__ = ["server"]


def apply(server, *words):
    return virtctl("net", "policy", "apply", "-f", "-", *words, server=server.url, stdin=MANIFEST)


def test_progress_of_each_node(server) -> None:
    old = enactment("n1", "Available", generation=1)
    enactments(server, [old], [enactment("n1", "Progressing")], [enactment("n1", "Available")])
    server.on("GET", f"{ROOT}/br1", policy(kind="Degraded"), policy(kind="Progressing"), policy())
    ran = apply(server)
    assert (ran.code, ran.out) == (0, "policy br1 applied\n")
    assert ran.err.splitlines() == ["n1: Progressing", "n1: Available"]


def retrying(message: str):
    made = enactment("n1", "Failing", message)
    made["status"]["conditions"].append({"type": "Progressing", "status": "True"})
    return made


def test_attempts_that_fail_are_told_and_waited_for(server) -> None:
    rounds = [[retrying("error: x; retrying 2/5")], [retrying("error: x; retrying 3/5")]]
    enactments(server, [], *rounds, [enactment("n1", "Available")])
    server.on("GET", f"{ROOT}/br1", policy(kind="Degraded"))
    ran = apply(server)
    assert (ran.code, ran.err.splitlines()) == (0, [
        "n1: Retrying: error: x; retrying 2/5", "n1: Retrying: error: x; retrying 3/5",
        "n1: Available",
    ])  # fmt: skip


def test_a_policy_for_no_node_is_not_waited_for(server) -> None:
    enactments(server, [])
    server.on("GET", f"{ROOT}/br1", policy(kind="Ignored"))
    assert apply(server).code == 0


def test_what_was_wished_before_is_kept(server) -> None:
    enactments(server, [enactment("n1", "Available")])
    before = {"interfaces": [{"name": "br1", "mtu": 1400}]}
    server.object(f"{ROOT}/br1", policy(before))
    apply(server)
    assert json.loads(server.writes[0][1]["metadata"]["annotations"][MARK]) == before


def test_of_a_new_policy_what_the_node_had_is_kept(server) -> None:
    enactments(server, [enactment("n1", "Available")])
    server.on("GET", f"{ROOT}/br1", Answer(404, {"kind": "Status", "code": 404}), policy())
    apply(server)
    kept = json.loads(server.writes[0][1]["metadata"]["annotations"][MARK])
    assert kept == {"interfaces": [{"name": "br1", "type": "linux-bridge", "mtu": 1500}]}


def test_the_first_line_of_a_failure(server) -> None:
    enactments(server, [enactment("n1", "Failing", "trying\nerror: no such port\nmore")])
    ran = apply(server)
    assert ran.code == 1
    assert "policy br1 failed on n1: error: no such port" in ran.err


def test_a_dry_run_waits_for_nobody(server) -> None:
    assert apply(server, "--dry-run").code == 0
    assert server.asked[-1].query["dryRun"] == "All"


def test_a_timeout_says_how_far_it_came(server) -> None:
    enactments(server, [enactment("n1", "Progressing")])
    ran = apply(server, "--timeout", "1s")
    assert ran.code == 124
    assert "n1 Progressing" in ran.err
