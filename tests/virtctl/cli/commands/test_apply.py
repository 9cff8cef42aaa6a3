from pathlib import Path

import pytest

from tests.fakes.canned import KUBEVIRT, api_server, refused, vm, vmi
from tests.fakes.env import Ran, fake_env, run_in, virtctl

VM = f"{KUBEVIRT}/virtualmachines/web"
MANIFEST = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: c}
---
apiVersion: kubevirt.io/v1
kind: VirtualMachine
metadata:
  name: web
spec:
  wrong: 1
"""
CONFIG = "/api/v1/namespaces/default/configmaps/c"


def apply(url: str, directory: Path, *words: str, text: str = MANIFEST) -> Ran:
    (directory / "m.yaml").write_text(text)
    return run_in(fake_env(cwd=str(directory)), f"--server={url}", "apply", "-f", "m.yaml", *words)


def test_created_configured_unchanged(tmp_path: Path) -> None:
    with api_server() as server:
        server.on("PATCH", CONFIG, {"metadata": {"name": "c", "resourceVersion": "1"}})
        server.object(VM, vm())
        changed = {**vm(), "metadata": {"name": "web", "resourceVersion": "6"}}
        server.on("PATCH", VM, changed, vm())
        ran = apply(server.url, tmp_path)
        assert ran.out == "configmap/c created\nvirtualmachine.kubevirt.io/web configured\n"
        patch = next(one for one in server.asked if one.method == "PATCH")
        assert patch.query == {"fieldManager": "virtctl", "fieldValidation": "Strict"}
        assert patch.headers["content-type"] == "application/apply-patch+yaml"
        assert "virtualmachine.kubevirt.io/web unchanged" in apply(server.url, tmp_path).out


def test_a_wrong_field_is_named_with_its_line_and_the_rest_goes_on(tmp_path: Path) -> None:
    said = 'strict decoding error: unknown field "spec.wrong"'
    with api_server() as server:
        server.on("PATCH", CONFIG, {"metadata": {"name": "c"}})
        server.on("PATCH", VM, refused(400, "BadRequest", said))
        ran = apply(server.url, tmp_path)
    assert (ran.code, ran.out) == (1, "configmap/c created\n")
    assert ran.err == f"error: m.yaml:10: VirtualMachine web: {said}\n"


def test_a_conflict_hints_at_force(tmp_path: Path) -> None:
    cause = {"reason": "FieldManagerConflict", "field": ".spec", "message": "x"}
    with api_server() as server:
        server.on("PATCH", CONFIG, refused(409, "Conflict", "conflict", causes=[cause]))
        server.on("PATCH", VM, vm())
        ran = apply(server.url, tmp_path)
        assert "hint: --force-conflicts takes these fields over" in ran.err
        apply(server.url, tmp_path, "--force-conflicts", "--dry-run=server", "--validate=warn")
        last = server.asked[-1].query
    assert (last["force"], last["dryRun"], last["fieldValidation"]) == ("true", "All", "Warn")


def test_a_dry_run_of_the_client_changes_nothing(tmp_path: Path) -> None:
    with api_server() as server:
        ran = apply(server.url, tmp_path, "--dry-run=client")
        assert ran.out.splitlines()[0] == "configmap/c created (dry run)"
        assert server.writes == []


@pytest.mark.parametrize(
    ("output", "text"),
    [("name", "configmap/c\nvirtualmachine.kubevirt.io/web\n"), ("yaml", "kind: List")],
)
def test_output(tmp_path: Path, output: str, text: str) -> None:
    with api_server() as server:
        server.on("PATCH", CONFIG, {"metadata": {"name": "c"}})
        server.on("PATCH", VM, vm())
        assert text in apply(server.url, tmp_path, "-o", output).out


def test_machines_are_awaited(tmp_path: Path) -> None:
    with api_server() as server:
        server.on("PATCH", CONFIG, {"metadata": {"name": "c"}})
        server.on("PATCH", VM, vm())
        server.object(VM, vm())
        server.object(f"{KUBEVIRT}/virtualmachineinstances/web", vmi())
        assert "VM web is ready" in apply(server.url, tmp_path, "--wait").out


def test_namespaces_must_agree(tmp_path: Path) -> None:
    text = "apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: a}\n"
    ran = apply("http://127.0.0.1:1", tmp_path, "-n", "b", text=text)
    assert "its namespace `a` is not the `b` of --namespace" in ran.err
    text = "apiVersion: v1\nkind: Secret\n"
    assert "`metadata.name` is missing" in apply("http://127.0.0.1:1", tmp_path, text=text).err


def test_stdin() -> None:
    with api_server() as server:
        server.on("PATCH", VM, vm())
        text = MANIFEST.split("---\n")[1]
        ran = virtctl("apply", "-f", "-", server=server.url, stdin=text)
    assert ran.out == "virtualmachine.kubevirt.io/web created\n"
