import json

import pytest

from tests.fakes.canned import SUBRESOURCES, api_server
from tests.fakes.env import virtctl

TREE = {"objectReference": {"kind": "VirtualMachine", "name": "web"}, "children": []}


@pytest.mark.parametrize(
    ("words", "owner", "body"),
    [
        ([], "virtualmachines", {"includeOptionalNodes": True}),
        (
            ["--vmi", "--exclude-optional"],
            "virtualmachineinstances",
            {"includeOptionalNodes": False},
        ),
        (
            ["--selector", "a=b,c=d"],
            "virtualmachines",
            {"includeOptionalNodes": True, "labelSelector": {"matchLabels": {"a": "b", "c": "d"}}},
        ),
    ],
)
def test_asked(words: list[str], owner: str, body: object) -> None:
    with api_server() as server:
        server.object(f"{SUBRESOURCES}/{owner}/web/objectgraph", TREE)
        ran = virtctl("objectgraph", "web", *words, server=server.url)
        assert json.loads(ran.out) == TREE
        assert server.asked[0].body == body


def test_as_yaml_and_refused() -> None:
    with api_server() as server:
        server.object(f"{SUBRESOURCES}/virtualmachines/web/objectgraph", TREE)
        assert virtctl("objectgraph", "web", "-o=yaml", server=server.url).out.startswith("child")
        ran = virtctl("objectgraph", "no", server=server.url)
    assert ran.err.startswith("error: cannot list the objects of VM no: ")
