"""What preferences require."""

import pytest

from virtctl.local.api.instancetypes.requirements import shortages


def preference(topology="", across="", **needed):
    cpu = {"preferredCPUTopology": topology, "spreadOptions": {"across": across}}
    return {"cpu": cpu, "requirements": needed}


CPU = {"guest": 4}
FIELD = "spec.template.spec.domain.cpu"


def test_of_an_instancetype():
    small = {"cpu": {"guest": 2}, "memory": {"guest": "1Gi"}}
    found = list(shortages(small, preference(cpu=CPU, memory={"guest": "2Gi"}), {}))
    assert [field for field, _ in found] == ["spec.instancetype"] * 2
    processors, memory = (message for _, message in found)
    assert processors == (
        "insufficient CPU resources of 2 vCPU provided by instance type, preference requires 4 vCPU"
    )
    assert memory == (
        "insufficient Memory resources of 1Gi provided by instance type, preference requires 2Gi"
    )
    assert list(shortages(small, preference(cpu={"guest": 2}), {})) == []


@pytest.mark.parametrize(
    ("topology", "across", "cpu", "fields"),
    [
        ("", "", {"cores": 4}, ["sockets"]),
        ("", "", {"sockets": 4}, []),
        ("cores", "", {"cores": 4}, []),
        ("cores", "", {"sockets": 4}, ["cores"]),
        ("threads", "", {"threads": 3}, ["threads"]),
        ("any", "", {"cores": 2, "sockets": 2, "threads": 1}, []),
        ("spread", "", {"sockets": 2, "cores": 1}, ["sockets", "cores"]),
        ("spread", "SocketsCoresThreads", {"sockets": 1, "cores": 2, "threads": 2}, []),
        ("spread", "CoresThreads", {"cores": 1, "threads": 2}, ["cores", "threads"]),
    ],
)
def test_of_a_machine(topology, across, cpu, fields):
    spec = {"domain": {"cpu": cpu}}
    found = list(shortages(None, preference(topology, across, cpu=CPU), spec))
    assert [field for field, _ in found] == [f"{FIELD}.{name}" for name in fields]


def test_a_machine_that_says_nothing():
    needs = preference(cpu=CPU, memory={"guest": "1Gi"})
    lacking = "insufficient Memory resources of 0"
    assert list(shortages(None, needs, {})) == [
        (FIELD, "no CPU resources provided by VirtualMachine, preference requires 4 vCPU"),
        (
            "spec.template.spec.domain.memory",
            f"{lacking} provided by VirtualMachine, preference requires 1Gi",
        ),
    ]
    enough = {"domain": {"cpu": {"sockets": 4}, "memory": {"guest": "1024Mi"}}}
    assert list(shortages(None, needs, enough)) == []


def test_architectures():
    needs = preference(architecture="arm64")
    assert list(shortages(None, needs, {})) == []
    ((field, message),) = shortages(None, needs, {"architecture": "amd64"})
    assert field == "spec.template.spec.architecture"
    assert message == "preference requires architecture arm64 but amd64 is being requested"
