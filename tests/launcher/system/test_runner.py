from pathlib import Path

import pytest

from launcher.errors import HostError, PlanFailed, VerifyFailed
from launcher.net.model import Address, Link, NetState, Sysctl
from launcher.ops.base import Op
from launcher.ops.links import AddLink, AddNamespace, DeleteLink, SetSysctl, SetUp
from launcher.system import runner
from launcher.system.journal import Journal, Progress
from tests.fakes.host import FakeHost, normal

BEFORE = NetState(
    links=(Link(name="eth0", kind="veth", mtu=1500, master="", addresses=(), up=True),),
    sysctls=(Sysctl(key="net/ipv4/ip_forward", value="0"),),
)
DESIRED = NetState(
    links=(
        Link(name="br0", kind="bridge", addresses=(Address.parse("10.0.2.1/24"),), up=True),
        Link(name="eth0", mtu=1400),
    ),
    sysctls=(Sysctl(key="net/ipv4/ip_forward", value="1"),),
)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal.jsonl")


def test_a_plan_is_carried_out_and_finished(journal: Journal) -> None:
    host = FakeHost(BEFORE)
    done = runner.apply("net", DESIRED, host.observe, journal, perform=host.perform)
    assert list(done) == host.done
    assert journal.progress("net") is Progress.FINISHED
    assert runner.apply("net", DESIRED, host.observe, journal, perform=host.perform) == ()


@pytest.mark.parametrize("failing", [AddLink, SetUp, SetSysctl])
def test_a_failing_op_takes_back_what_was_done(journal: Journal, failing: type[Op]) -> None:
    host = FakeHost(BEFORE, fail_on=(failing,))
    with pytest.raises(PlanFailed, match="failed: the fake refuses"):
        runner.apply("net", DESIRED, host.observe, journal, perform=host.perform)
    assert normal(host.state) == normal(BEFORE)
    assert journal.progress("net") is Progress.PENDING


def test_an_undo_that_fails_is_told_and_the_rest_is_done(journal: Journal) -> None:
    host = FakeHost(BEFORE, fail_on=(SetSysctl, SetSysctl))
    with pytest.raises(PlanFailed, match="moreover, net was not taken back completely"):
        runner.apply("net", DESIRED, host.observe, journal, perform=host.perform)
    assert host.state.link("br0") is None
    assert journal.progress("net") is Progress.STARTED


def test_a_network_that_is_not_as_planned_is_taken_back(journal: Journal) -> None:
    host = FakeHost(BEFORE)

    def stubborn(op: Op) -> None:
        if op != SetUp(name="br0", up=True):
            host.perform(op)

    with pytest.raises(VerifyFailed, match="links/br0/up: `False` instead of `True`"):
        runner.apply("net", DESIRED, host.observe, journal, perform=stubborn)
    assert normal(host.state) == normal(BEFORE)
    assert journal.progress("net") is Progress.PENDING


def test_a_later_process_takes_back_what_an_earlier_left(journal: Journal) -> None:
    host = FakeHost(BEFORE)

    def dying(op: Op) -> None:
        host.perform(op)
        if isinstance(op, SetUp):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        runner.apply("net", DESIRED, host.observe, journal, perform=dying)
    assert journal.progress("net") is Progress.STARTED
    runner.roll_back("net", Journal(journal.path), perform=host.perform)
    assert normal(host.state) == normal(BEFORE)
    assert journal.progress("net") is Progress.PENDING


def test_an_op_is_in_the_journal_before_it_is_done(journal: Journal) -> None:
    seen: list[tuple[str, tuple[Op, ...]]] = []
    runner.run(
        "net",
        (AddLink(name="a", kind="bridge"),),
        ((DeleteLink(name="a"),),),
        journal,
        perform=lambda _: seen.append(journal.to_undo("net")),
    )
    assert seen == [("", (DeleteLink(name="a"),))]


def test_what_was_in_a_namespace_that_is_gone_is_undone_already(journal: Journal) -> None:
    journal.begin("net", (AddNamespace(name="x"),), ((DeleteLink(name="a"),),), "no-such-netns")
    journal.doing("net", 0)

    def never(op: Op) -> None:
        raise HostError("must not be called")

    runner.roll_back("net", journal, perform=never)
    assert journal.progress("net") is Progress.PENDING
