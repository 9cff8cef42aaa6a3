"""What instancetypes set."""

import pytest

from virtctl.local.api.instancetypes import resources

BASE = "spec.template.spec"


def given(**parts):
    return {"cpu": {"guest": 2}, "memory": {"guest": "1Gi"}, **parts}


def holder(annotations=None, **spec):
    return {"metadata": {"annotations": annotations or {}}, "spec": spec}


def with_domain(**domain):
    return holder(domain=domain)


@pytest.mark.parametrize(
    ("instancetype", "template", "paths"),
    [
        (
            given(),
            with_domain(cpu={"cores": 1, "threads": 1}),
            ["domain.cpu.cores", "domain.cpu.threads"],
        ),
        (given(), with_domain(cpu={"sockets": 2}), ["domain.cpu.sockets"]),
        (given(), with_domain(cpu={"model": "host-model"}), []),
        (
            given(cpu={"guest": 2, "model": "host-passthrough"}),
            with_domain(cpu={"model": "host-model"}),
            ["domain.cpu.model"],
        ),
        (
            given(cpu={"guest": 2, "dedicatedCPUPlacement": True}),
            with_domain(cpu={"dedicatedCpuPlacement": True}),
            ["domain.cpu.dedicatedCPUPlacement"],
        ),
        (
            given(cpu={"guest": 2, "dedicatedCPUPlacement": False, "maxSockets": 4}),
            with_domain(cpu={"dedicatedCpuPlacement": True, "maxSockets": 2}),
            ["domain.cpu.dedicatedCPUPlacement"],
        ),
        (
            given(ioThreads={"supplementalPoolThreadCount": 2}),
            with_domain(ioThreads={"supplementalPoolThreadCount": 4}),
            ["domain.ioThreads.supplementalPoolThreadCount"],
        ),
        (
            given(),
            with_domain(
                resources={"requests": {"cpu": "1"}, "limits": {"cpu": "1"}}, cpu={"cores": 1}
            ),
            ["domain.resources.requests.cpu", "domain.resources.limits.cpu", "domain.cpu.cores"],
        ),
        (
            given(),
            with_domain(resources={"requests": {"cpu": "1"}}),
            ["domain.resources.requests.cpu"],
        ),
        (
            given(),
            with_domain(resources={"requests": {"memory": "1Gi"}, "limits": {"memory": "1Gi"}}),
            ["domain.resources.requests.memory"],
        ),
        (
            given(),
            with_domain(resources={"limits": {"memory": "1Gi"}}),
            ["domain.resources.limits.memory"],
        ),
        (given(), with_domain(memory={"guest": "1Gi"}), ["domain.memory.guest"]),
        (
            given(memory={"guest": "1Gi", "hugepages": {"pageSize": "2Mi"}}),
            with_domain(memory={"hugepages": {"pageSize": "1Gi"}}),
            ["domain.memory.hugepages"],
        ),
        (
            given(gpus=[{"name": "g"}], ioThreadsPolicy="auto"),
            with_domain(devices={"gpus": [{"name": "g"}]}, ioThreadsPolicy="shared"),
            ["domain.ioThreadsPolicy", "domain.devices.gpus"],
        ),
        (given(schedulerName="a"), holder(schedulerName="b"), ["schedulerName"]),
        (given(nodeSelector={"a": "b"}), holder(nodeSelector={"a": "c"}), ["nodeSelector"]),
        (given(nodeSelector={"a": "b"}), holder(nodeSelector={"c": "d"}), ["nodeSelector"]),
        (given(nodeSelector={"a": "b"}), holder(), []),
    ],
)
def test_conflicts(instancetype, template, paths):
    assert resources.conflicts(instancetype, template) == [f"{BASE}.{path}" for path in paths]


def test_annotations_conflict_when_they_differ():
    instancetype = given(annotations={"a/b": "1"})
    assert resources.conflicts(instancetype, holder({"a/b": "2"})) == ["annotations.a/b"]
    assert resources.conflicts(instancetype, holder({"a/b": "1"})) == []


@pytest.mark.parametrize(
    ("preferred", "count", "layout"),
    [
        ({}, 4, (4, 1, 1)),
        ({"preferredCPUTopology": "any"}, 4, (4, 1, 1)),
        ({"preferredCPUTopology": "cores"}, 4, (1, 4, 1)),
        ({"preferredCPUTopology": "preferThreads"}, 4, (1, 1, 4)),
        ({"preferredCPUTopology": "spread"}, 4, (2, 2, 1)),
        ({"preferredCPUTopology": "spread", "spreadOptions": {"ratio": 4}}, 8, (2, 4, 1)),
        (
            {"preferredCPUTopology": "spread", "spreadOptions": {"across": "CoresThreads"}},
            4,
            (1, 2, 2),
        ),
        (
            {"preferredCPUTopology": "spread", "spreadOptions": {"across": "SocketsCoresThreads"}},
            8,
            (2, 2, 2),
        ),
    ],
)
def test_topologies(preferred, count, layout):
    found = resources.topology(count, {"cpu": preferred})
    assert (found["sockets"], found["cores"], found["threads"]) == layout


def test_the_former_ratio():
    preference = {"cpu": {"preferredCPUTopology": "spread"}, "preferSpreadSocketToCoreRatio": 4}
    assert resources.topology(8, preference) == {"sockets": 2, "cores": 4, "threads": 1}


def test_what_cannot_be_spread():
    spread = {"cpu": {"preferredCPUTopology": "spread"}}
    assert resources.spread_problem(3, spread)
    assert not resources.spread_problem(4, spread)
    assert not resources.spread_problem(3, {})


def test_everything_is_set():
    instancetype = given(
        cpu={"guest": 2, "dedicatedCPUPlacement": True, "maxSockets": 8},
        memory={"guest": "1Gi", "maxGuest": "4Gi", "overcommitPercent": 50},
        ioThreadsPolicy="auto",
        gpus=[{"name": "g", "deviceName": "d"}],
        annotations={"a/b": "1"},
        nodeSelector={"x": "y"},
        schedulerName="s",
    )
    template = holder(domain={"devices": {}}, nodeSelector={"z": "w"})
    resources.apply(instancetype, {}, template)
    spec = template["spec"]
    assert spec["domain"]["cpu"] == {
        "dedicatedCpuPlacement": True,
        "maxSockets": 8,
        "sockets": 2,
        "cores": 1,
        "threads": 1,
    }
    assert spec["domain"]["memory"] == {"guest": "1Gi", "maxGuest": "4Gi"}
    assert spec["domain"]["resources"] == {"requests": {"memory": "512Mi"}}
    assert spec["domain"]["devices"]["gpus"] == [{"name": "g", "deviceName": "d"}]
    assert (spec["domain"]["ioThreadsPolicy"], spec["schedulerName"]) == ("auto", "s")
    assert spec["nodeSelector"] == {"x": "y", "z": "w"}
    assert template["metadata"]["annotations"] == {"a/b": "1"}


def test_what_is_set_is_a_copy():
    instancetype = given(cpu={"guest": 1, "numa": {"guestMappingPassthrough": {}}})
    template = with_domain()
    resources.apply(instancetype, {}, template)
    template["spec"]["domain"]["cpu"]["numa"]["x"] = 1
    assert instancetype["cpu"]["numa"] == {"guestMappingPassthrough": {}}
