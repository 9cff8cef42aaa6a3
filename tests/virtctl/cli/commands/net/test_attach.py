from tests.fakes import sighted
from tests.fakes.canned import KUBEVIRT
from tests.fakes.env import virtctl
from tests.virtctl.cli.commands.net.test_explain import NADS, server

__all__ = ["server"]


def machine(server) -> None:
    document = {
        "metadata": {"name": "web", "namespace": "default", "resourceVersion": "7"},
        "spec": {"template": {"spec": sighted.spec()}},
    }
    server.object(f"{KUBEVIRT}/virtualmachines/web", document)
    server.on("PATCH", f"{KUBEVIRT}/virtualmachines/web", document)


def test_live(server) -> None:
    machine(server)
    server.object(f"{NADS}/more", sighted.definition("more", ipam={"type": "host-local"}))
    ran = virtctl("net", "attach", "web", "more", "--name", "b", server=server.url)
    assert ran.out == "VM web: NIC b on more\n"
    assert ran.err.splitlines()[0] == "live: the running guest takes it at once"
    assert "warning: the definition has `ipam` (host-local)" in ran.err
    ((_, body),) = server.writes
    assert body["metadata"] == {"resourceVersion": "7"}
    made = body["spec"]["template"]["spec"]
    assert made["domain"]["devices"]["interfaces"][-1] == {"name": "b", "bridge": {}}


def test_what_it_needs_is_told_of_a_cluster(server) -> None:
    machine(server)
    server.object(f"{NADS}/more", sighted.definition("more"))
    vmi = sighted.vmi()
    vmi["status"]["conditions"] = [{"type": "LiveMigratable", "status": "True"}]
    server.object(f"{KUBEVIRT}/virtualmachineinstances/web", vmi)
    server.on("GET", f"/apis/local.virtctl.io/v1/namespaces/default/pods/{sighted.POD}/network")
    server.object("/apis/kubevirt.io/v1/kubevirts", {"items": []})
    ran = virtctl("net", "attach", "web", "more", "--dry-run", server=server.url)
    assert "it needs a migration" in ran.err
    assert server.asked[-1].query == {"dryRun": "All"}


def test_a_network_that_is_not_there_changes_nothing(server) -> None:
    machine(server)
    ran = virtctl("net", "attach", "web", "none", server=server.url)
    assert (ran.code, server.writes) == (1, [])
    assert "there is no definition default/none" in ran.err
