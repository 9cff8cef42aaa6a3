import pytest

from tests.fakes.canned import KUBEVIRT, api_server, vm
from tests.fakes.env import SessionAt
from virtctl.cli.verbs import chosen, doing, dry, each, graceful
from virtctl.errors import Conflict, UsageError, VirtctlError, WaitTimeout


def test_machines_are_chosen_in_one_of_three_ways(session_at: SessionAt) -> None:
    assert chosen(session_at(), ["a", "b"], "", every=False) == ["a", "b"]
    with pytest.raises(UsageError, match="missing argument VM"):
        chosen(session_at(), [], "", every=False)
    with pytest.raises(UsageError, match="only one"):
        chosen(session_at(), ["a"], "app=web", every=False)


def test_a_selector_asks_the_server(session_at: SessionAt) -> None:
    with api_server() as server:
        server.object(f"{KUBEVIRT}/virtualmachines", {"items": [vm("a"), vm("b")]})
        assert chosen(session_at(server.url), [], "app=web", every=False) == ["a", "b"]
        assert server.asked[0].query == {"labelSelector": "app=web"}


def test_one_failure_does_not_keep_the_others(session_at: SessionAt) -> None:
    def act(name: str) -> str:
        if name == "b":
            raise Conflict("no")
        return f"did {name}"

    here = session_at()
    assert each(here, ["a", "b", "c"], act).code == 1
    assert here.env.stdout.getvalue() == "did a\ndid c\n"
    assert here.env.stderr.getvalue() == "error: no\n"
    with pytest.raises(Conflict):
        each(here, ["b"], act)


@pytest.mark.parametrize(
    ("word", "wanted"),
    [("", False), ("true", True), ("server", True), ("false", False), ("0", False), ("T", True)],
)
def test_dry_run(session_at: SessionAt, word: str, wanted: bool) -> None:
    here = session_at()
    assert dry(here, word) is wanted
    assert ("Dry Run execution" in here.env.stderr.getvalue()) is wanted
    with pytest.raises(UsageError, match="dry-run"):
        dry(here, "perhaps")


def test_force_needs_a_period() -> None:
    graceful(None, force=False)
    graceful(0, force=True)
    for period, force in ((None, True), (5, False)):
        with pytest.raises(UsageError, match="force"):
            graceful(period, force=force)


def test_errors_say_what_was_done() -> None:
    with pytest.raises(VirtctlError, match="cannot fly: no wings"), doing("cannot fly"):
        raise VirtctlError("no wings")


def test_a_code_that_all_failures_share_is_the_outcome(session_at: SessionAt) -> None:
    def late(name: str) -> str:
        raise WaitTimeout(f"ip of VM {name}", 1, "it is Pending")

    def mixed(name: str) -> str:
        if name == "a":
            late(name)
        raise VirtctlError("no")

    assert each(session_at(), ["a", "b"], late).code == 124
    assert each(session_at(), ["a", "b"], mixed).code == 1
    with pytest.raises(ZeroDivisionError):
        each(session_at(), ["a", "b"], lambda _: str(1 / 0))
