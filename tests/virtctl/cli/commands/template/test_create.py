from tests.fakes.canned import api_server
from tests.fakes.env import virtctl

REQUESTS = "/apis/template.kubevirt.io/v1beta1/namespaces/lab/virtualmachinetemplaterequests"


def test_asked_for() -> None:
    with api_server() as server:
        server.on("POST", REQUESTS, {"metadata": {"name": "db-1"}})
        words = ["--vm-name=db", "--vm-namespace=prod", "--name=gold", "-n", "lab"]
        ran = virtctl("template", "create", *words, server=server.url)
        assert ran.out == "virtualmachinetemplaterequest.template.kubevirt.io/db-1 created\n"
        sent = server.writes[0][1]
    assert isinstance(sent, dict)
    assert sent["spec"] == {
        "virtualMachineRef": {"namespace": "prod", "name": "db"},
        "templateName": "gold",
    }


def test_refused() -> None:
    with api_server() as server:
        ran = virtctl("template", "create", "--vm-name=db", server=server.url)
    assert ran.err.startswith("error: cannot make a template of VM db: ")
