import pytest

from tests.fakes.canned import KUBEVIRT, api_server, vm, vmi
from tests.fakes.env import FakeProcesses, Ran, fake_env, run_in


def ssh(
    *words: str, instance: dict[str, object] | None = None, code: int = 0
) -> tuple[Ran, list[str]]:
    processes = FakeProcesses(("ssh",), code)
    with api_server() as server:
        if instance is not None:
            server.object(f"{KUBEVIRT}/virtualmachineinstances/web", instance)
        env = fake_env({"USER": "tester", "HOME": "/h"}, processes=processes)
        ran = run_in(env, f"--server={server.url}", "ssh", *words)
    return ran, processes.started[0]


def test_every_global_flag_is_in_the_proxy_command() -> None:
    _, argv = ssh("fedora@vm/web", "--as", "jane", "-n", "prod", "-p", "2222", "-c", "ls -l")
    proxy = argv[2]
    assert proxy.startswith(
        "ProxyCommand=/usr/bin/virtctl --namespace=prod --server=http://127.0.0.1:"
    )
    assert proxy.endswith(" --as=jane port-forward --stdio=true vm/web/prod 2222")
    assert argv[-2:] == ["fedora@vm.web.prod", "ls -l"]


def test_a_bare_name_and_the_users_own() -> None:
    _, argv = ssh("web")
    assert argv[-1] == "tester@vm.web.default"
    _, argv = ssh("vmi/web", "-l", "me", "-i", "/k", "-t=-v")
    assert argv[-1] == "me@vmi.web.default"
    assert argv[3:6] == ["-v", "-i", "/k"]


def test_the_host_key_is_kept_by_uid() -> None:
    _, argv = ssh("web", instance=vmi())
    assert "HostKeyAlias=kubevirt-vm-web" in argv
    assert 'UserKnownHostsFile="/h/.ssh/kubevirt_known_hosts"' in argv
    lost = vmi()
    lost["spec"] = {"volumes": [{"name": "root", "containerDisk": {"image": "x"}}]}
    assert "HostKeyAlias=kubevirt-vmi-web" in ssh("web", instance=lost)[1]
    assert not any("KnownHosts" in word for word in ssh("web", "--known-hosts", "")[1])


def test_the_remote_exit_code_is_ours() -> None:
    ran, _ = ssh("web", "-c", "exit 3", code=3)
    assert (ran.code, ran.err) == (3, "")
    ran, _ = ssh("web", code=255)
    assert ran.code == 255
    assert ran.err.startswith("error: vm/web/default: machine: there is no such machine\n")


@pytest.mark.parametrize("words", [["ssh", "web"], ["scp", "web:/a", "b"]])
def test_without_openssh_the_stage_is_said_too(words: list[str]) -> None:
    with api_server() as server:
        server.object(f"{KUBEVIRT}/virtualmachines/web", vm(printableStatus="Stopped"))
        ran = run_in(fake_env({"HOME": "/h"}), f"--server={server.url}", *words)
    lines = ran.err.splitlines()
    assert ran.code == 255
    assert lines[1] == "error: vm/web/default: machine: it does not run, status Stopped"
    assert lines[2] == "hint: start it with `virtctl start web --wait=ssh`"


def test_a_working_connection_costs_one_request() -> None:
    processes = FakeProcesses(("ssh",))
    with api_server() as server:
        server.object(f"{KUBEVIRT}/virtualmachineinstances/web", vmi())
        run_in(fake_env(processes=processes), f"--server={server.url}", "ssh", "web")
        assert server.calls == [f"GET {KUBEVIRT}/virtualmachineinstances/web"]
