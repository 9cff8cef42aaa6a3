from tests.fakes.canned import api_server, vm, vmi
from tests.fakes.env import SessionAt, fake_env
from virtctl.cli.flags import GlobalFlags
from virtctl.cli.logins import KNOWN_HOSTS, Wishes
from virtctl.cli.session import Session
from virtctl.cli.sshhosts import Machine, login, machines

ALL = "/apis/kubevirt.io/v1"
LAB = f"{ALL}/namespaces/default"
WISHES = Wishes("ann", "key", KNOWN_HOSTS, [], 22)


def alone() -> dict[str, object]:
    one = vmi("lone")
    one["metadata"] = {"name": "lone", "namespace": "default", "uid": "u"}
    return one


def test_machines_and_instances_without_one(session_at: SessionAt) -> None:
    with api_server() as server:
        for where in (LAB, ALL):
            server.object(f"{where}/virtualmachines", {"items": [vm("web"), vm("db")]})
            server.object(f"{where}/virtualmachineinstances", {"items": [vmi("web"), alone()]})
        session = session_at(server.url)
        found = machines(session, "", everywhere=False)
        assert [(one.host, one.phase) for one in found] == [
            ("vm.db.default", "Stopped"), ("vmi.lone.default", "Running"),
            ("vm.web.default", "Running"),
        ]  # fmt: skip
        assert len(machines(session, "app=x", everywhere=True)) == 2
        assert server.asked[2].query == {"labelSelector": "app=x"}


def test_the_way_holds_whatever_the_current_context_becomes() -> None:
    config = b"""{"current-context": "one",
    "contexts": [{"name": "one", "context": {"cluster": "c"}}],
    "clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:1"}}]}"""
    env = fake_env({"KUBECONFIG": "a.yaml", "HOME": "/home"}, cwd="/here")
    session = Session(env, GlobalFlags())
    session.__dict__["files"] = session.files._replace(read=lambda _: config)
    machine = Machine("lab", "web", {}, None)
    found = login(session, machine, WISHES)
    assert found.proxy == [
        "env", "KUBECONFIG=/here/a.yaml", "/usr/bin/virtctl", "--context=one", "port-forward",
        "--stdio=true", "vm/web/lab",
    ]  # fmt: skip
    assert found.alias == ""
    flags = GlobalFlags({"kubeconfig": "b.yaml", "context": "one"})
    session = Session(env, flags)
    session.__dict__["files"] = session.files._replace(read=lambda _: config)
    assert login(session, machine, WISHES, port="22").proxy == [
        "/usr/bin/virtctl", "--kubeconfig=/here/b.yaml", "--context=one", "port-forward",
        "--stdio=true", "vm/web/lab", "22",
    ]  # fmt: skip


def test_the_host_key_is_kept_by_uid(session_at: SessionAt) -> None:
    found = login(session_at(), Machine("default", "web", {}, vmi()), WISHES)  # type: ignore[arg-type]
    assert found.alias == "kubevirt-vm-web"
