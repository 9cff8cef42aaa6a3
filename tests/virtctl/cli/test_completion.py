import json
from pathlib import Path

import pytest

from tests.fakes.canned import KUBEVIRT, api_server, table
from tests.fakes.env import FakeProcesses, fake_env, run_in


def offered(*words: str, server: str = "", environ: dict[str, str] | None = None) -> list[str]:
    before = [f"--server={server}", "--request-timeout=60s"] if server else []
    ran = run_in(fake_env(environ), "__completeNoDesc", *before, *words)
    assert ran.code == 0
    return ran.out.splitlines()


@pytest.mark.parametrize(
    ("words", "first"),
    [
        (("sta",), "start"),
        (("create", ""), "vm"),
        (("-n", "x", "cre"), "create"),
        (("vnc", "scr"), "screenshot"),
        (("create", "vm", "--run-st"), "--run-strategy"),
        (("create", "vm", "--run-strategy", "H"), "Halted"),
        (("create", "vm", "--run-strategy=H"), "--run-strategy=Halted"),
        (("guestosinfo", "web", "-o", "y"), "yaml"),
        (("get", "v"), "vm"),
        (("start", "--kube"), "--kubeconfig"),
        (("wait", "web", "--for", "ss"), "ssh"),
        (("completion", "z"), "zsh"),
    ],
)
def test_words_and_flags(words: tuple[str, ...], first: str) -> None:
    assert offered(*words)[0] == first


def test_files_are_left_to_the_shell() -> None:
    assert offered("apply", "-f", "") == [":0"]
    assert offered("start", "web", "--no-such=") == [":4"]
    assert offered("frobnicate", "")[-1] == ":4"


def test_names_of_machines() -> None:
    with api_server() as server:
        server.object(f"{KUBEVIRT}/virtualmachines", table("web", "db", columns=("Name",)))
        assert offered("start", "", server=server.url) == ["web", "db", ":4"]
        assert offered("start", "web", "", server=server.url) == ["db", ":4"]
        assert offered("start", "w", server=server.url) == ["web", ":4"]
        assert "vmi" in offered("pause", "", server=server.url)
        server.object("/api/v1/namespaces", table("prod"))
        assert offered("start", "-n", "", server=server.url) == ["prod", ":4"]


def test_a_dead_cluster_offers_nothing() -> None:
    assert offered("start", "", server="http://127.0.0.1:1") == [":4"]


def test_names_of_a_kubeconfig(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text(json.dumps({"contexts": [{"name": "two", "context": {}}]}))
    assert offered("--context", "", environ={"KUBECONFIG": str(path)}) == ["two", ":4"]


def test_descriptions() -> None:
    ran = run_in(fake_env(), "__complete", "sto")
    assert ran.out == "stop\tStop virtual machines.\n:4\n"


def test_names_after_a_kind() -> None:
    with api_server() as server:
        server.object("/api/v1/namespaces/default/pods", table("p1", "p2", columns=("Name",)))
        assert offered("get", "pod", "", server=server.url) == ["p1", "p2", ":4"]
        assert offered("delete", "po", "p1", "", server=server.url) == ["p2", ":4"]
        assert offered("get", "gadget", "", server=server.url) == [":4"]


def test_instancetypes_of_cluster_and_namespace() -> None:
    types = "/apis/instancetype.kubevirt.io/v1beta1"
    with api_server() as server:
        server.object(f"{types}/virtualmachineclusterinstancetypes", table("u1.small"))
        server.object(f"{types}/namespaces/default/virtualmachineinstancetypes", table("mine"))
        assert offered("create", "vm", "--instancetype=", server=server.url) == [
            "--instancetype=u1.small", "--instancetype=virtualmachineinstancetype/mine", ":4",
        ]  # fmt: skip


def test_names_are_renewed_behind_the_users_back(tmp_path: Path) -> None:
    processes = FakeProcesses()
    environ = {"HOME": str(tmp_path)}
    words = ["--server=http://127.0.0.1:1", "-n", "lab", "start", ""]
    env = fake_env(environ, processes=processes)
    assert run_in(env, "__completeNoDesc", *words).out == ":4\n"
    (argv,) = processes.started
    assert argv == [
        "/usr/bin/virtctl", "__remember", "vm", "--namespace=lab", "--server=http://127.0.0.1:1",
    ]  # fmt: skip
    assert run_in(fake_env(environ), *argv[1:]).code == 0
    with api_server() as server:
        machines = f"{KUBEVIRT}/virtualmachines".replace("/default", "/lab")
        server.object(machines, table("web"))
        run_in(fake_env(environ), "__remember", "vm", "--namespace=lab", f"--server={server.url}")
        words[0] = f"--server={server.url}"
        assert run_in(fake_env(environ), "__completeNoDesc", *words).out == "web\n:4\n"
        assert len(server.asked) == 1
