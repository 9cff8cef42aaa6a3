import yaml

from tests.fakes.canned import api_server
from tests.fakes.env import virtctl

TEMPLATE = (
    "apiVersion: template.openshift.io/v1\nkind: Template\nmetadata: {name: t}\n"
    "objects: [{apiVersion: kubevirt.io/v1, kind: VirtualMachine}]\n"
)


def test_from_stdin_and_the_cluster() -> None:
    ran = virtctl("template", "convert", "-f", "-", stdin=TEMPLATE)
    made = yaml.safe_load(ran.out)
    assert (made["kind"], made["metadata"]) == ("VirtualMachineTemplate", {"name": "t"})
    with api_server() as server:
        path = "/apis/template.openshift.io/v1/namespaces/default/templates/t"
        server.object(path, yaml.safe_load(TEMPLATE))
        assert virtctl("template", "convert", "t", server=server.url).out == ran.out
        assert virtctl("template", "convert", "--name=t", server=server.url).out == ran.out


def test_errors_name_the_source() -> None:
    ran = virtctl("template", "convert", "-f", "-", stdin="apiVersion: v1\nkind: Pod\n")
    assert ran.err.startswith("error: cannot convert stdin:1: it is a Pod, not a Template\n")
