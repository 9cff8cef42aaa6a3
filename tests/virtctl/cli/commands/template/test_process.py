import json
from pathlib import Path

import yaml

from tests.fakes.canned import api_server
from tests.fakes.env import fake_env, run_in, virtctl

TEMPLATE = """\
apiVersion: template.kubevirt.io/v1beta1
kind: VirtualMachineTemplate
metadata: {name: t}
spec:
  message: made ${NAME}
  parameters: [{name: NAME, value: web}, {name: SPARE}]
  virtualMachine: {apiVersion: kubevirt.io/v1, kind: VirtualMachine, metadata: {name: "${NAME}"}}
"""
TEMPLATES = "/apis/template.kubevirt.io/v1beta1/namespaces/default/virtualmachinetemplates"
REMOTE = TEMPLATES.replace("/apis/", "/apis/subresources.")


def test_a_file_is_filled_in_here() -> None:
    ran = virtctl("template", "process", "-f", "-", "-p", "NAME=db", stdin=TEMPLATE)
    made = yaml.safe_load(ran.out)
    assert made["metadata"] == {"name": "db"}
    assert made["status"] == {}
    assert ran.err == "Warning: parameter SPARE is never used\nmade db\n"


def test_a_file_of_parameters(tmp_path: Path) -> None:
    (tmp_path / "p.env").write_text("NAME=db\n")
    (tmp_path / "bad.env").write_text("what\n")
    words = ["template", "process", "-f", "-", "--params-file"]
    ran = run_in(fake_env(cwd=str(tmp_path), stdin=TEMPLATE), *words, "p.env")
    assert yaml.safe_load(ran.out)["metadata"] == {"name": "db"}
    ran = run_in(fake_env(cwd=str(tmp_path), stdin=TEMPLATE), *words, "bad.env")
    assert "error: bad.env: line 1: `what`" in ran.err
    ran = run_in(fake_env(cwd=str(tmp_path), stdin=TEMPLATE), *words, "none.env")
    assert (ran.code, "`none.env` cannot be read" in ran.err) == (2, True)


def test_the_server_fills_in_its_own() -> None:
    answer = {"virtualMachine": {"metadata": {"name": "db"}}, "message": "made db"}
    with api_server() as server:
        server.on("POST", f"{REMOTE}/t/process", answer)
        server.on("POST", f"{REMOTE}/t/create", answer)
        ran = virtctl("template", "process", "t", "-p", "NAME=db,SPARE=x", server=server.url)
        assert (yaml.safe_load(ran.out)["metadata"], ran.err) == ({"name": "db"}, "made db\n")
        ran = virtctl("template", "process", "t", "--name=u", server=server.url)
        assert (ran.code, "named twice" in ran.err) == (2, True)
        ran = virtctl("template", "process", "../t", server=server.url)
        assert 'invalid resource name "../t"' in ran.err
        ran = virtctl("template", "process", "--name=t", "--create", server=server.url)
        assert ran.out == "virtualmachine.kubevirt.io/db created\n"
        assert [body for _, body in server.writes] == [
            {"parameters": {"NAME": "db", "SPARE": "x"}}, {},
        ]  # fmt: skip


def test_one_of_the_cluster_filled_in_here() -> None:
    with api_server() as server:
        server.object(f"{TEMPLATES}/t", yaml.safe_load(TEMPLATE))
        ran = virtctl("template", "process", "t", "--local", server=server.url)
        assert yaml.safe_load(ran.out)["metadata"] == {"name": "web"}
        ran = virtctl("template", "process", "t", "--print-params", "-o=json", server=server.url)
        assert json.loads(ran.out) == [{"name": "NAME", "value": "web"}, {"name": "SPARE"}]
        assert server.writes == []


def test_a_template_of_an_empty_machine_makes_one() -> None:
    text = "apiVersion: v1\nkind: VirtualMachineTemplate\nspec: {virtualMachine: {}}\n"
    made = yaml.safe_load(virtctl("template", "process", "-f", "-", stdin=text).out)
    assert (made["kind"], made["metadata"], made["spec"]) == (
        "VirtualMachine", {}, {"template": None},
    )  # fmt: skip
    ran = virtctl("template", "process", "-f", "-", stdin=text.replace("{}", "null"))
    assert "`spec.virtualMachine` is missing" in ran.err


def test_the_machine_is_typed() -> None:
    machine = "{spec: {template: {spec: {hostname: '', domain: {memory: {guest: 1024Mi}}}}}}"
    text = f"apiVersion: v1\nkind: VirtualMachineTemplate\nspec: {{virtualMachine: {machine}}}\n"
    made = yaml.safe_load(virtctl("template", "process", "-f", "-", stdin=text).out)
    assert (made["apiVersion"], made["kind"]) == ("kubevirt.io/v1", "VirtualMachine")
    domain = {"devices": {}, "memory": {"guest": "1Gi"}, "resources": {}}
    assert made["spec"]["template"]["spec"] == {"domain": domain}
    ran = virtctl("template", "process", "-f", "-", stdin=text.replace("hostname", "nostname"))
    assert 'unknown field "spec.template.spec.nostname"' in ran.err
    ran = virtctl("template", "process", "-f", "-", stdin=text.replace("1024Mi", "much"))
    assert "`spec.template.spec.domain.memory.guest`: must be" in ran.err
    ran = virtctl("template", "process", "-f", "-", "--print-params", stdin=text)
    assert ran.out == "null\n"


def test_errors_name_the_template() -> None:
    ran = virtctl("template", "process", "-f", "-", "-p", "X=1", stdin=TEMPLATE)
    assert "cannot process stdin:1: parameter X not found in template" in ran.err
    ran = virtctl("template", "process", "-f", "-", stdin="apiVersion: v1\nkind: Pod\n")
    assert "it is a Pod, not a VirtualMachineTemplate" in ran.err
    assert virtctl("template", "process").code == 2
    assert virtctl("template", "process", "t", "--create", "--local").code == 2
