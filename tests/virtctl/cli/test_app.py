from tests.fakes.canned import SUBRESOURCES, api_server, refused
from tests.fakes.env import fake_env, run_in, virtctl


def test_notices_come_before_the_command() -> None:
    ran = virtctl("create", "vm", "--name", "a", "--volume-blank", "size:1Gi")
    assert ran.code == 0
    assert "deprecated" in ran.err
    assert "kind: VirtualMachine" in ran.out


def test_all_errors_go_through_one_handler() -> None:
    with api_server() as server:
        server.on(
            "PUT", f"{SUBRESOURCES}/virtualmachines/web/start", refused(403, "Forbidden", "no")
        )
        ran = virtctl("start", "web", server=server.url)
    assert (ran.code, ran.out, ran.err) == (1, "", "error: cannot start VM web: no\n")


def test_no_cluster_says_how_to_get_one() -> None:
    ran = run_in(fake_env({"HOME": "/nowhere"}), "start", "web")
    assert ran.code == 1
    assert "no cluster is configured" in ran.err
    assert "virtctl local up" in ran.err


def test_completion_requests_are_no_command() -> None:
    assert virtctl("__complete", "sta").out == "start\tStart virtual machines.\n:4\n"
    assert virtctl("__completeNoDesc", "sta").out == "start\n:4\n"
