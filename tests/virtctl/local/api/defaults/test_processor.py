"""Defaults of processor and memory."""

import pytest

from tests.fakes.rules import domain, spec
from virtctl.local.api.context import AdmissionContext
from virtctl.local.api.defaults import processor


@pytest.mark.parametrize(
    ("parts", "guest"),
    [
        ({"memory": {"guest": "1Gi"}, "resources": {"requests": {"memory": "2Gi"}}}, "1Gi"),
        ({"memory": {}, "resources": {"requests": {"memory": "2Gi"}}}, "2Gi"),
        ({"memory": {}, "resources": {"limits": {"memory": "3Gi"}}}, "3Gi"),
        ({"memory": {"hugepages": {"pageSize": "2Mi"}}}, "2Mi"),
        ({"memory": {}}, None),
    ],
)
def test_guest_memory(parts, guest):
    document = spec(domain=domain(**parts))
    processor.default_memory(document)
    assert document["domain"]["memory"].get("guest") == guest


@pytest.mark.parametrize(
    ("parts", "sockets"),
    [
        ({}, 1),
        ({"resources": {"limits": {"cpu": "3"}, "requests": {"cpu": "1"}}}, 3),
        ({"resources": {"requests": {"cpu": "1500m"}}}, 2),
        ({"cpu": {"cores": 2}}, None),
    ],
)
def test_topology(parts, sockets):
    document = spec(domain=domain(**parts))
    processor.default_topology(document)
    assert document["domain"]["cpu"].get("sockets") == sockets


def test_requests_follow_limits_and_the_cluster():
    document = spec(domain=domain(resources={"limits": {"cpu": "2"}}))
    processor.default_resources(document, AdmissionContext())
    assert document["domain"]["resources"]["requests"] == {"cpu": "2"}
    document = spec()
    processor.default_resources(document, AdmissionContext(configuration={"cpuRequest": "250m"}))
    assert document["domain"]["resources"]["requests"] == {"cpu": "250m"}


@pytest.mark.parametrize(
    ("architecture", "configuration", "model"),
    [
        ("amd64", {}, "host-model"),
        ("amd64", {"cpuModel": "Skylake"}, "Skylake"),
        ("arm64", {"cpuModel": "Skylake"}, "host-passthrough"),
    ],
)
def test_models(architecture, configuration, model):
    document = spec(architecture=architecture)
    processor.default_model(document, AdmissionContext(configuration=configuration))
    assert document["domain"]["cpu"]["model"] == model


@pytest.mark.parametrize(
    ("cpu", "most"),
    [
        ({"sockets": 2}, 8),
        ({"sockets": 200, "cores": 1, "threads": 1}, 512),
        ({"sockets": 2, "cores": 100, "threads": 1}, 5),
        ({"sockets": 8, "cores": 100, "threads": 1}, 8),
        ({"sockets": 200}, 800),
        ({"sockets": 2, "maxSockets": 3}, 3),
        ({"cores": 2}, None),
    ],
)
def test_sockets_that_can_be_plugged(cpu, most):
    document = spec(domain=domain(cpu=cpu))
    processor.default_hotplug_limits(document, AdmissionContext())
    assert document["domain"]["cpu"].get("maxSockets") == most


@pytest.mark.parametrize(("sockets", "most"), [(0, 3), (2, 3), (4, 4)])
def test_the_cluster_says_how_many_sockets(sockets, most):
    document = spec(domain=domain(cpu={"sockets": sockets}))
    cluster = AdmissionContext(configuration={"liveUpdateConfiguration": {"maxCpuSockets": 3}})
    processor.default_hotplug_limits(document, cluster)
    assert document["domain"]["cpu"]["maxSockets"] == most


@pytest.mark.parametrize(
    ("parts", "most"),
    [
        ({"memory": {"guest": "1Gi"}}, "4Gi"),
        ({"memory": {"guest": "512Mi"}}, None),
        ({"memory": {"guest": "1073741825"}}, None),
        ({"memory": {"guest": "1Gi"}, "cpu": {"realtime": {}}}, None),
        ({"memory": {"guest": "1Gi"}, "launchSecurity": {"sev": {}}}, None),
        ({"memory": {"guest": "1Gi", "maxGuest": "2Gi"}}, "2Gi"),
    ],
)
def test_memory_that_can_be_plugged(parts, most):
    document = spec(architecture="amd64", domain=domain(**parts))
    processor.default_hotplug_limits(document, AdmissionContext())
    assert document["domain"]["memory"].get("maxGuest") == most
