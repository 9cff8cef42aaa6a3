import pytest

from tests.fakes.canned import KUBEVIRT, SUBRESOURCES, api_server, vm
from tests.fakes.env import SessionAt
from virtctl.cli.pausing import Wanted, change
from virtctl.errors import NotFound, UsageError, VirtctlError


def named(words: list[str]) -> Wanted:
    return Wanted(words, "", every=False)


def test_a_halted_machine_is_told_apart_from_a_missing_one(session_at: SessionAt) -> None:
    halted = {**vm(), "spec": {"runStrategy": "Halted"}}
    with api_server() as server:
        session = session_at(server.url)
        with pytest.raises(NotFound):
            change(session, named(["vm", "web"]), "pause", dry_run="")
        server.object(f"{KUBEVIRT}/virtualmachines/web", halted)
        with pytest.raises(VirtctlError, match="VM web is not set to run") as caught:
            change(session, named(["web"]), "pause", dry_run="")
        assert caught.value.hint == "virtctl start web"
        server.object(f"{KUBEVIRT}/virtualmachines/web", vm())
        with pytest.raises(NotFound):
            change(session, named(["web"]), "pause", dry_run="")
        server.on("PUT", f"{SUBRESOURCES}/virtualmachineinstances/web/pause", None)
        assert change(session, named(["vm", "web"]), "pause", dry_run="").code == 0


@pytest.mark.parametrize("words", [["vm"], ["pod", "web"]])
def test_refusals(session_at: SessionAt, words: list[str]) -> None:
    with pytest.raises(UsageError):
        change(session_at(), named(words), "pause", dry_run="")


@pytest.mark.parametrize(
    ("wanted", "plural"),
    [
        (Wanted([], "app=x", every=False), "virtualmachines"),
        (Wanted(["vmi"], "app=x", every=False), "virtualmachineinstances"),
        (Wanted(["vmis"], "", every=True), "virtualmachineinstances"),
    ],
)
def test_chosen_by_labels(session_at: SessionAt, wanted: Wanted, plural: str) -> None:
    with api_server() as server:
        server.object(f"{KUBEVIRT}/{plural}", {"items": [vm("a"), vm("b")]})
        for name in "ab":
            server.on("PUT", f"{SUBRESOURCES}/virtualmachineinstances/{name}/unpause", None)
            server.object(f"{KUBEVIRT}/virtualmachines/{name}", vm(name))
        assert change(session_at(server.url), wanted, "unpause", dry_run="").code == 0
        assert len(server.writes) == 2
