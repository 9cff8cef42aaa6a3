import pytest

from tests.fakes.canned import Answer, api_server
from tests.fakes.env import SessionAt
from virtctl.client.launchers import launcher, launchers, log
from virtctl.errors import NotFound

PODS = "/api/v1/namespaces/default/pods"


def pod(name: str, phase: str, made: str) -> dict[str, object]:
    metadata = {"name": name, "creationTimestamp": made}
    return {"metadata": metadata, "status": {"phase": phase}}


def test_the_one_it_runs_in(session_at: SessionAt) -> None:
    pods = [pod("c", "Succeeded", "3"), pod("a", "Failed", "1"), pod("b", "Running", "2")]
    with api_server() as server:
        server.object(PODS, {"items": pods})
        rest = session_at(server.url).rest
        assert [one["metadata"]["name"] for one in launchers(rest, "default", "web")] == [  # type: ignore[index,call-overload]
            "a", "b", "c",
        ]  # fmt: skip
        assert launcher(rest, "default", "web")["metadata"]["name"] == "b"  # type: ignore[index,call-overload]
        assert server.asked[0].query == {"labelSelector": "vm.kubevirt.io/name=web"}
        server.object(PODS, {"items": pods[:2]})
        assert launcher(rest, "default", "web")["metadata"]["name"] == "c"  # type: ignore[index,call-overload]
        server.object(PODS, {"items": []})
        with pytest.raises(NotFound, match="machine default/web has no pod"):
            launcher(rest, "default", "web")


def test_a_log_comes_in_chunks(session_at: SessionAt) -> None:
    with api_server() as server:
        server.on("GET", f"{PODS}/b/log", Answer(body="one\ntwo\n"))
        rest = session_at(server.url).rest
        chunks = log(rest, pod("b", "Running", "1"), "default", {"container": "compute"})  # type: ignore[arg-type]
        assert b"".join(chunks) == b"one\ntwo\n"
        assert server.asked[0].query == {"container": "compute"}
