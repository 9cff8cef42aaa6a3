import pytest

from tests.fakes.canned import api_server
from tests.fakes.env import SessionAt
from virtctl.cli.kindwords import read
from virtctl.errors import UsageError
from virtctl.models.kinds import POD, VIRTUAL_MACHINE, VIRTUAL_MACHINE_INSTANCE


def test_kinds_and_names(session_at: SessionAt) -> None:
    session = session_at()
    assert read(session, ["vm,pods"], needs_name=False) == [(VIRTUAL_MACHINE, []), (POD, [])]
    assert read(session, ["vm", "a", "b"], needs_name=True) == [(VIRTUAL_MACHINE, ["a", "b"])]
    assert read(session, ["vm/a", "vmi/b"], needs_name=True) == [
        (VIRTUAL_MACHINE, ["a"]),
        (VIRTUAL_MACHINE_INSTANCE, ["b"]),
    ]


@pytest.mark.parametrize("words", [[], ["vm"], ["vm/a", "b"], ["vm/"], ["/a"]])
def test_refusals(session_at: SessionAt, words: list[str]) -> None:
    with pytest.raises(UsageError):
        read(session_at(), words, needs_name=True)


def test_all_is_what_the_server_says(session_at: SessionAt) -> None:
    with api_server() as server:
        server.object("/api", {"versions": []})
        server.object("/apis", {"groups": []})
        found = read(session_at(server.url), ["all"], needs_name=False)
    assert VIRTUAL_MACHINE in [wanted.kind for wanted in found]
