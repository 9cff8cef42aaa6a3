import pytest

from tests.fakes import sighted
from virtctl.output.networks import facts, path
from virtctl.output.networks.findings import BAD, GOOD, UNKNOWN
from virtctl.output.networks.leases import of_lease


@pytest.mark.parametrize(
    ("counts", "state", "said"),
    [
        ({"offers": 2, "acknowledged": 1}, GOOD, "acknowledged 1 times"),
        ({"offers": 2}, BAD, "was offered 2 times, and the guest never took it"),
        ({}, UNKNOWN, "never asked for its address 10.0.2.2"),
        ({"foreign": "02:00:00:00:00:09"}, BAD, "02:00:00:00:00:09 asked"),
    ],
)
def test_what_became_of_a_lease(counts, state, said) -> None:
    answer = sighted.sights()
    answer["leases"] = [{"bridge": "k6t-eth0", "address": "10.0.2.2", **counts}]
    known = facts.read(answer)
    (pod, lan) = path.paths(sighted.vmi(), {}, known, "default")
    (found,) = of_lease(pod, known)
    assert (found.state, found.hop) == (state, "pod k6t-eth0")
    assert said in found.said
    assert list(of_lease(lan, known)) == []
