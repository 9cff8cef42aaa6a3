from pathlib import Path

from tests.fakes.canned import KUBEVIRT, api_server, refused, vm
from tests.fakes.env import fake_env, run_in, virtctl

VMS = f"{KUBEVIRT}/virtualmachines"


def test_by_name_until_it_is_gone() -> None:
    with api_server() as server:
        server.on("DELETE", f"{VMS}/web", vm())
        server.on("GET", f"{VMS}/web", vm(), refused(404, "NotFound", "gone"))
        ran = virtctl("delete", "vm", "web", "--grace-period=0", server=server.url)
        assert (ran.code, ran.out) == (0, 'virtualmachine.kubevirt.io "web" deleted\n')
        assert server.calls.count(f"GET {VMS}/web") == 2
        body = server.writes[0][1]
    assert isinstance(body, dict)
    assert (body["propagationPolicy"], body["gracePeriodSeconds"]) == ("Background", 0)


def test_another_object_of_that_name_is_not_waited_for() -> None:
    other = {**vm(), "metadata": {"name": "web", "uid": "another"}}
    with api_server() as server:
        server.on("DELETE", f"{VMS}/web", vm())
        server.object(f"{VMS}/web", other)
        assert virtctl("delete", "vm/web", server=server.url).code == 0


def test_what_is_kept_says_by_whom() -> None:
    kept = vm()
    kept["metadata"] = {"name": "web", "uid": "vm-web", "finalizers": ["example.com/keep"]}
    with api_server() as server:
        server.on("DELETE", f"{VMS}/web", vm())
        server.object(f"{VMS}/web", kept)
        ran = virtctl("delete", "vm", "web", "--timeout", "1s", server=server.url)
    assert ran.code == 124
    assert "kept by finalizers example.com/keep" in ran.err


def test_not_found() -> None:
    with api_server() as server:
        assert virtctl("delete", "vm", "web", server=server.url).code == 1
        ran = virtctl("delete", "vm", "web", "--ignore-not-found", server=server.url)
        assert (ran.code, ran.out, ran.err) == (0, "", "")


def test_by_label_and_all() -> None:
    with api_server() as server:
        server.object(VMS, {"items": [vm("a"), vm("b")]})
        for name in "ab":
            server.on("DELETE", f"{VMS}/{name}", vm(name))
        ran = virtctl("delete", "vm", "-l", "x=y", "--wait=false", server=server.url)
        assert ran.out.count("deleted") == 2
        assert server.asked[0].query == {"labelSelector": "x=y"}
        assert virtctl("delete", "vm", "--all", "--wait=false", server=server.url).code == 0
    assert virtctl("delete", "vm", server="http://127.0.0.1:1").code == 2
    assert virtctl("delete", "vm", "a", "-l", "x", server="http://127.0.0.1:1").code == 2


def test_files_go_backwards(tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text(
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: n}\n---\n"
        "apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: n}\n"
    )
    with api_server() as server:
        server.on("DELETE", "/api/v1/namespaces/n", {})
        server.on("DELETE", "/api/v1/namespaces/n/secrets/s", {})
        env = fake_env(cwd=str(tmp_path))
        words = ["delete", "-f", "m.yaml", "--wait=false", "--dry-run"]
        ran = run_in(env, f"--server={server.url}", *words)
    assert ran.out == (
        'secret "s" deleted (server dry run)\nnamespace "n" deleted (server dry run)\n'
    )
