import urllib.request

import pytest

from tests.fakes.canned import api_server, refused
from tests.fakes.env import SessionAt
from tests.fakes.podport import pod_server
from virtctl.cli.tunnel import find_service, to_service
from virtctl.errors import NotFound, VirtctlError

V1 = "/api/v1/namespaces/default"
POD = {
    "metadata": {"name": "p"},
    "spec": {"containers": [{"ports": [{"name": "web", "containerPort": 8080}]}]},
    "status": {"phase": "Running"},
}


def service(target: object) -> dict[str, object]:
    ports = [{"port": 443, "targetPort": 1}, {"port": 80, "targetPort": target}]
    return {"metadata": {"name": "s"}, "spec": {"selector": {"a": "b"}, "ports": ports}}


@pytest.mark.parametrize(("target", "port"), [(8080, 8080), ("web", 8080), ("other", 80)])
def test_a_local_port_leads_to_the_pod(session_at: SessionAt, target: object, port: int) -> None:
    with api_server() as far, pod_server({port: int(far.url.rpartition(":")[2])}) as server:
        far.on("GET", "/x", {"hello": 1})
        waiting = {**POD, "metadata": {"name": "w"}, "status": {"phase": "Pending"}}
        server.answers[f"{V1}/services/s"] = service(target)
        server.answers[f"{V1}/pods"] = {"items": [waiting, POD]}
        session = session_at(server.url)
        with to_service(session, "s", 80, 0) as local:
            answer = urllib.request.urlopen(f"http://127.0.0.1:{local}/x")
            assert answer.read() == b'{"hello": 1}'
        assert server.paths == [f"{V1}/pods/p/portforward"]


def test_what_cannot_be_reached(session_at: SessionAt) -> None:
    with api_server() as server:
        session = session_at(server.url)
        with pytest.raises(NotFound), to_service(session, "s", 80, 0):
            pass
        server.object(f"{V1}/services/s", service(1))
        server.object(f"{V1}/pods", {"items": []})
        no_pod = pytest.raises(VirtctlError, match="service default/s has no pod")
        with no_pod, to_service(session, "s", 80, 0):
            pass
        server.object(f"{V1}/pods", {"items": [POD]})
        server.on("GET", f"{V1}/pods/p/portforward", refused(403, "Forbidden", "not yours"))
        forbidden = pytest.raises(VirtctlError, match="not yours")
        with forbidden, to_service(session, "s", 80, 0):
            pass


def test_services_are_found_wherever_they_are(session_at: SessionAt) -> None:
    with api_server() as server:
        session = session_at(server.url)
        found = {"items": [{"metadata": {"name": "s", "namespace": "far"}}]}
        server.on("GET", "/api/v1/services", found, refused(403, "Forbidden", "no"), {"items": []})
        assert find_service(session, "s") == ("s", "far")
        assert find_service(session, "s") == ("s", "cdi")
        with pytest.raises(VirtctlError, match="no service s"):
            find_service(session, "s")
