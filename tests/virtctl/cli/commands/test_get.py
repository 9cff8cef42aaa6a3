import json

import pytest

from tests.fakes.canned import KUBEVIRT, Answer, api_server, refused, table, vm
from tests.fakes.env import virtctl

VMS = f"{KUBEVIRT}/virtualmachines"
PODS = "/api/v1/namespaces/default/pods"


def test_a_table() -> None:
    with api_server() as server:
        server.object(VMS, table("a", "longer"))
        ran = virtctl("get", "vm", server=server.url)
        assert ran.out == "NAME     AGE\na        1m\nlonger   1m\n"
        assert virtctl("get", "vms", "--no-headers", server=server.url).out.startswith("a ")


def test_several_kinds_have_blocks_and_prefixes() -> None:
    with api_server() as server:
        server.object(VMS, table("a"))
        server.object(PODS, table("p"))
        ran = virtctl("get", "vm,pod", server=server.url)
    assert ran.out == (
        "NAME                           AGE\nvirtualmachine.kubevirt.io/a   1m\n\n"
        "NAME    AGE\npod/p   1m\n"
    )


def test_nothing_is_said_on_stderr() -> None:
    with api_server() as server:
        server.object(VMS, table())
        server.object("/apis/kubevirt.io/v1/virtualmachines", table())
        ran = virtctl("get", "vm", server=server.url)
        assert (ran.code, ran.out, ran.err) == (0, "", "No resources found in default namespace.\n")
        assert virtctl("get", "vm", "-A", server=server.url).err == "No resources found.\n"


def test_all_namespaces() -> None:
    with api_server() as server:
        server.object("/apis/kubevirt.io/v1/virtualmachines", table("a"))
        ran = virtctl("get", "vm", "-A", "-l", "x=y", server=server.url)
        assert ran.out.splitlines()[1].split() == ["default", "a", "1m"]
        assert server.asked[0].query["labelSelector"] == "x=y"
        assert virtctl("get", "vm", "a", "-A", server=server.url).code == 2


def test_one_object() -> None:
    managed = vm()
    managed["metadata"] = {"name": "web", "managedFields": [{"manager": "x"}]}
    with api_server() as server:
        server.object(f"{VMS}/web", managed)
        ran = virtctl("get", "vm", "web", "-o", "json", server=server.url)
        assert json.loads(ran.out)["metadata"] == {"name": "web"}
        words = ["vm/web", "-o", "json", "--show-managed-fields"]
        assert "manager" in virtctl("get", *words, server=server.url).out
        jsonpath = virtctl("get", "vm", "web", "-o", "jsonpath={.metadata.name}", server=server.url)
        assert jsonpath.out == "web\n"


def test_lists_are_lists_even_when_empty() -> None:
    with api_server() as server:
        server.object(VMS, {"items": []})
        found = json.loads(virtctl("get", "vm", "-o", "json", server=server.url).out)
        assert (found["kind"], found["items"]) == ("List", [])
        server.object(VMS, {"items": [{"metadata": {"name": "a"}}]})
        assert virtctl("get", "vm", "-o", "name", server=server.url).out == (
            "virtualmachine.kubevirt.io/a\n"
        )


def test_not_found() -> None:
    with api_server() as server:
        server.on("GET", f"{VMS}/no", refused(404, "NotFound", 'virtualmachines "no" not found'))
        ran = virtctl("get", "vm", "no", server=server.url)
        assert (ran.code, ran.err) == (1, 'error: virtualmachines "no" not found\n')
        assert virtctl("get", "vm", "no", "--ignore-not-found", server=server.url).code == 0


def test_a_server_without_tables() -> None:
    bare = {"items": [{"metadata": {"name": "a", "creationTimestamp": "2025-12-31T23:00:00Z"}}]}
    with api_server() as server:
        server.object(VMS, bare)
        ran = virtctl("get", "vm", server=server.url)
    assert ran.out == "NAME   AGE\na      60m\n"


@pytest.mark.parametrize("output", ["", "name"])
def test_watching(output: str) -> None:
    event = {"type": "MODIFIED", "object": table("a") if not output else vm("a")}
    gone = {"type": "ERROR", "object": {"kind": "Status", "code": 403, "message": "enough"}}
    listed = table("a") if not output else {"metadata": {"resourceVersion": "7"}, "items": []}
    with api_server() as server:
        server.on("GET", VMS, listed, Answer(lines=[event, gone]))
        words = ["-o", output] if output else []
        ran = virtctl("get", "vm", "-w", *words, server=server.url)
        assert server.asked[1].query["resourceVersion"] == "7"
    assert (ran.code, "enough" in ran.err) == (1, True)
    expected = "virtualmachine.kubevirt.io/a" if output else "a      1m"
    assert ran.out.splitlines()[-1] == expected


def test_unknown_words() -> None:
    assert virtctl("get", server="http://127.0.0.1:1").code == 2
    assert virtctl("get", "vm", "-o", "xml", server="http://127.0.0.1:1").code == 2
    assert virtctl("get", "vm/", server="http://127.0.0.1:1").code == 2
    assert virtctl("get", "vm,pod", "-w", server="http://127.0.0.1:1").code in {1, 2}
