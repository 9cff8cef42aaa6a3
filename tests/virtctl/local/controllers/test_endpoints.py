from pathlib import Path

import pytest

from tests.fakes.shelf import Shelf, cases, decided
from virtctl.local.controllers.endpoints import EndpointController, target_port
from virtctl.local.runtime.queue import Key

CASES = cases(Path(__file__).parent / "cases", "endpoints")


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_case(case):
    found, wanted = decided(EndpointController(), case)
    assert found == wanted


def test_pods_wake_the_services_that_select_them():
    controller = EndpointController()
    services, pods, *_ = (watched.keys for watched in controller.watched)
    metadata = {"name": "web", "namespace": "n"}
    key = Key("n", "web")
    assert list(services({"metadata": metadata, "spec": {"selector": {"app": "web"}}})) == [key]
    pod = {"metadata": {"namespace": "n", "labels": {"app": "web", "x": "y"}}}
    assert list(pods(pod)) == [key]
    assert list(pods({"metadata": {"namespace": "n", "labels": {"app": "db"}}})) == []
    assert list(pods({"metadata": {"namespace": "m", "labels": {"app": "web"}}})) == []
    controller.observe(Shelf([]), key)
    assert list(pods(pod)) == []


@pytest.mark.parametrize(
    ("port", "wanted"),
    [
        ({"port": 80}, 80),
        ({"port": 80, "targetPort": 8080}, 8080),
        ({"port": 80, "targetPort": "8081"}, 8081),
        ({"port": 80, "targetPort": "http"}, 8082),
        ({"port": 80, "targetPort": "other"}, 0),
    ],
)
def test_ports_lead_to_pods(port, wanted):
    ports = [{"name": "http", "containerPort": 8082}]
    assert target_port(port, {"spec": {"containers": [{"ports": ports}]}}) == wanted
