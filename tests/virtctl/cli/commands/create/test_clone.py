import yaml

from tests.fakes.canned import api_server
from tests.fakes.env import virtctl

CLONES = "/apis/clone.kubevirt.io/v1beta1/namespaces/lab/virtualmachineclones"


def test_printed() -> None:
    ran = virtctl("create", "clone", "--source-name", "db", "--label-filter", "a,b", "-n", "lab")
    made = yaml.safe_load(ran.out)
    assert made["metadata"] == {"name": "clone-bcdfg", "namespace": "lab"}
    assert made["spec"]["labelFilters"] == ["a,b"]


def test_applied() -> None:
    with api_server() as server:
        server.on("POST", CLONES, {})
        words = ["--source-name=db", "--name=c", "-n", "lab", "--apply"]
        ran = virtctl("create", "clone", *words, server=server.url)
        assert ran.out == "virtualmachineclone.clone.kubevirt.io/c created\n"
        sent = server.writes[0][1]
    assert isinstance(sent, dict)
    assert "status" not in sent


def test_a_source_is_needed() -> None:
    ran = virtctl("create", "clone")
    assert (ran.code, "`--source-name` not set" in ran.err) == (2, True)
