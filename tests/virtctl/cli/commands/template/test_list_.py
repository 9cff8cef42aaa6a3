import json

from tests.fakes.canned import api_server
from tests.fakes.env import virtctl
from virtctl.models.documents import Document

TEMPLATES = "/apis/template.kubevirt.io/v1beta1/namespaces/default/virtualmachinetemplates"
ITEM: Document = {
    "metadata": {"name": "fedora", "namespace": "default", "annotations": {"description": "F"}},
    "spec": {
        "virtualMachine": {},
        "parameters": [
            {"name": "IMAGE", "required": True},
            {"name": "NAME", "required": True, "generate": "expression", "from": "[a-z]{4}"},
        ],
    },
    "status": {"conditions": [{"type": "Ready", "status": "True"}]},
}
BARE: Document = {"metadata": {"name": "bare"}, "spec": {"virtualMachine": {}}}


def test_a_table() -> None:
    with api_server() as server:
        server.object(TEMPLATES, {"metadata": {}, "items": [ITEM, BARE]})
        ran = virtctl("template", "list", "-l", "a=b", server=server.url)
        assert server.asked[-1].query["labelSelector"] == "a=b"
    assert [line.split() for line in ran.out.splitlines()] == [
        ["NAME", "READY", "NEEDS", "DESCRIPTION"],
        ["fedora", "True", "IMAGE", "F"],
        ["bare", "-", "-"],
    ]


def test_all_namespaces_and_none_there() -> None:
    everywhere = TEMPLATES.replace("/namespaces/default", "")
    with api_server() as server:
        server.object(everywhere, {"metadata": {}, "items": [ITEM]})
        server.object(TEMPLATES, {"metadata": {}, "items": []})
        ran = virtctl("template", "list", "-A", server=server.url)
        assert ran.out.splitlines()[1].split()[:2] == ["default", "fedora"]
        ran = virtctl("template", "list", server=server.url)
        assert (ran.code, ran.err) == (0, "there are no templates in default\n")


def test_formats() -> None:
    with api_server() as server:
        server.object(TEMPLATES, {"metadata": {}, "items": [ITEM, BARE]})
        ran = virtctl("template", "list", "-o", "json", server=server.url)
        assert [one["kind"] for one in json.loads(ran.out)["items"]] == [
            "VirtualMachineTemplate"
        ] * 2
        ran = virtctl("template", "list", "-o", "name", server=server.url)
        assert ran.out.split()[0] == "virtualmachinetemplate.template.kubevirt.io/fedora"
