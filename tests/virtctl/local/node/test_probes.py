import pytest

from virtctl.local.node import probes
from virtctl.local.node.probes import (
    LIVENESS,
    READINESS,
    Connection,
    GuestCommand,
    GuestPing,
    Page,
    Probe,
    Tally,
)


def vmi(**given):
    interface = {"name": "default", "ports": [{"name": "web", "port": 8080}]}
    spec = {"domain": {"devices": {"interfaces": [interface]}}, **given}
    return {"spec": spec}


def question(asked):
    (found,) = probes.probes(vmi(livenessProbe=asked))
    return found.question


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"exec": {"command": ["cat", "/x"]}}, GuestCommand(("cat", "/x"))),
        ({"guestAgentPing": {}}, GuestPing()),
        ({"tcpSocket": {"port": 22}}, Connection("", 22)),
        ({"tcpSocket": {"port": "web", "host": "10.1.1.1"}}, Connection("10.1.1.1", 8080)),
        ({"tcpSocket": {"port": "7"}}, Connection("", 7)),
        ({"tcpSocket": {"port": "gone"}}, Connection("", 0)),
        (
            {"httpGet": {"port": 80, "httpHeaders": [{"name": "A", "value": "b"}]}},
            Page(host="", port=80, path="/", secure=False, headers={"A": "b"}),
        ),
        (
            {"httpGet": {"port": 443, "scheme": "HTTPS", "path": "/up", "host": "h"}},
            Page(host="h", port=443, path="/up", secure=True, headers={}),
        ),
    ],
)
def test_what_is_asked(asked, expected):
    assert question(asked) == expected


def test_times_and_thresholds_with_their_defaults():
    asked = {"guestAgentPing": {}, "initialDelaySeconds": 5, "failureThreshold": 2}
    (found,) = probes.probes(vmi(readinessProbe=asked))
    assert found == Probe(
        kind=READINESS, question=GuestPing(), delay=5, period=10, timeout=1, successes=1, failures=2
    )


def test_none():
    assert probes.probes(vmi()) == ()
    assert probes.probes(vmi(readinessProbe={}, livenessProbe={"periodSeconds": 3})) == ()


def tally(kind, successes=1, failures=3):
    return Tally(
        Probe(
            kind=kind, question=GuestPing(), delay=0, period=1, timeout=1,
            successes=successes, failures=failures,
        )
    )  # fmt: skip


def test_alive_until_so_many_bad_answers_in_a_row():
    count = tally(LIVENESS)
    assert [count.note(good=good) for good in (False, False, True, False, False)] == [False] * 5
    assert count.good
    assert count.note(good=False)
    assert not count.good


def test_not_ready_until_so_many_good_answers_in_a_row():
    count = tally(READINESS, successes=2, failures=1)
    assert not count.good
    assert [count.note(good=good) for good in (True, False, True, True)] == [
        False, False, False, True,
    ]  # fmt: skip
    assert count.note(good=False)
    assert not count.good
