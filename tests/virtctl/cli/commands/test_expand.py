import json
from pathlib import Path

import pytest
import yaml

from tests.fakes.canned import SUBRESOURCES, api_server, vm
from tests.fakes.env import fake_env, run_in, virtctl

EXPANDED = {**vm(), "spec": {"template": {"spec": {"domain": {"cpu": {"cores": 2}}}}}}
DOMAIN = {"cpu": {"cores": 2}, "devices": {}, "resources": {}}


def test_a_machine_of_the_cluster() -> None:
    with api_server() as server:
        server.object(f"{SUBRESOURCES}/virtualmachines/web/expand-spec", EXPANDED)
        ran = virtctl("expand", "--vm", "web", server=server.url)
        assert yaml.safe_load(ran.out)["spec"]["template"]["spec"]["domain"] == DOMAIN
        ran = virtctl("expand", "--vm", "web", "-o", "json", server=server.url)
        assert ran.out.startswith('{\n "')
        assert json.loads(ran.out)["kind"] == "VirtualMachine"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"spec": []}, "`spec`: must be an object"),
        ({"spec": {"running": "yes"}}, "`spec.running`: must be a boolean; got `yes`"),
        ([], "the server's answer is no VirtualMachine"),
    ],
)
def test_an_answer_that_is_no_machine_is_not_printed(answer: object, said: str) -> None:
    with api_server() as server:
        server.object(f"{SUBRESOURCES}/virtualmachines/web/expand-spec", answer)
        ran = virtctl("expand", "--vm", "web", server=server.url)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("error: cannot expand VM web: ")
    assert said in ran.err


def test_a_manifest(tmp_path: Path) -> None:
    (tmp_path / "vm.yaml").write_text(
        "apiVersion: kubevirt.io/v1\nkind: VirtualMachine\nmetadata: {name: a}\nspec: {}\n"
    )
    with api_server() as server:
        server.on("PUT", f"{SUBRESOURCES}/expand-vm-spec", EXPANDED)
        env = fake_env(cwd=str(tmp_path))
        ran = run_in(env, f"--server={server.url}", "expand", "-f", "vm.yaml")
        assert ran.code == 0
        sent = server.writes[0][1]
    assert isinstance(sent, dict)
    assert sent["metadata"] == {"name": "a"}
    assert "status" not in sent


def test_a_manifest_is_typed_before_it_is_sent() -> None:
    text = "{apiVersion: kubevirt.io/v1, kind: VirtualMachine, spec: {running: null, x: 1}}"
    with api_server() as server:
        server.on("PUT", f"{SUBRESOURCES}/expand-vm-spec", EXPANDED)
        assert virtctl("expand", "-f", "-", stdin=text, server=server.url).code == 0
        assert isinstance(server.writes[0][1], dict)
        assert server.writes[0][1]["spec"] == {"template": None}
        bad = text.replace("null", "maybe")
        ran = virtctl("expand", "-f", "-", stdin=bad, server=server.url)
        assert (ran.code, "cannot expand stdin:1: `spec.running`: must be" in ran.err) == (1, True)
        assert len(server.writes) == 1


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ([], 2, "missing flag `--vm` or `--file`"),
        (["--vm=a", "-f", "-"], 2, "`--vm`, `--file` exclude each other"),
        (["-f", "-"], 1, "stdin:2: Pod is no VirtualMachine"),
        (["--vm=a", "-o", "xml"], 2, "`xml` for flag `-o`"),
    ],
)
def test_refused(words: list[str], code: int, message: str) -> None:
    ran = virtctl("expand", *words, stdin="apiVersion: v1\nkind: Pod\n")
    assert (ran.code, message in ran.err) == (code, True)
