import pytest

from tests.fakes.canned import SUBRESOURCES, api_server
from tests.fakes.env import virtctl

PATH = f"{SUBRESOURCES}/virtualmachines/web/migrate"


@pytest.mark.parametrize(
    ("words", "body"),
    [
        ([], {}),
        (
            ["--addedNodeSelector", "a=1,b=2", "--addedNodeSelector=c=3"],
            {"addedNodeSelector": {"a": "1", "b": "2", "c": "3"}},
        ),
    ],
)
def test_a_machine(words: list[str], body: object) -> None:
    with api_server() as server:
        server.on("PUT", PATH, None)
        ran = virtctl("migrate", "web", *words, server=server.url)
        assert ran.out == "VM web was scheduled to migrate\n"
        assert server.writes[0][1] == body
