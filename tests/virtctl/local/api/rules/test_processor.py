"""Rules of processor and memory."""

import pytest

from tests.fakes.rules import domain, gates, said, spec
from virtctl.local.api.rules import processor


def causes(context=None, **parts):
    document, context = spec(domain=domain(**parts)), context or gates()
    found = (
        processor.memory_causes(document, "spec", context),
        processor.processor_causes(document, "spec"),
        processor.realtime_causes(document, "spec"),
        processor.io_thread_causes(document, "spec"),
        processor.overhead_causes(document, "spec", context),
    )
    return [each for group in found for each in said(group)]


def requests(**amounts):
    return {"requests": amounts}


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"memory": {"guest": "64Mi", "hugepages": {"pageSize": "2Mi"}}},
        {"cpu": {"cores": 2, "dedicatedCpuPlacement": True}},
        {"cpu": {"features": [{"name": "vmx"}, {"name": "x", "policy": "forbid"}]}},
        {"resources": {"requests": {"cpu": "1"}, "limits": {"cpu": "2", "memory": "1Gi"}}},
        {
            "memory": {"guest": "64Mi", "hugepages": {"pageSize": "2Mi"}},
            "cpu": {
                "cores": 1,
                "dedicatedCpuPlacement": True,
                "realtime": {},
                "numa": {"guestMappingPassthrough": {}},
            },
        },
    ],
)
def test_good_domains(parts):
    assert causes(**parts) == []


@pytest.mark.parametrize(
    ("parts", "field", "message"),
    [
        ({"resources": requests(cpu="-1")}, "resources.requests.cpu", "or equal to 0."),
        ({"resources": requests(memory="1k")}, "resources.requests.memory", "1M"),
        (
            {"resources": {"requests": {"memory": "2Gi"}, "limits": {"memory": "1Gi"}}},
            "resources.requests.memory",
            "is greater than",
        ),
        ({"memory": {"hugepages": {"pageSize": "2Zi"}}}, "memory.hugepages.pageSize", "regular"),
        (
            {"memory": {"hugepages": {"pageSize": "2Mi"}}, "resources": requests(memory="3Mi")},
            "resources.requests.memory",
            "not a multiple of the page size",
        ),
        (
            {"memory": {"guest": "2Mi", "hugepages": {"pageSize": "1Gi"}}},
            "resources.requests.memory",
            "equal to or larger than page size",
        ),
        ({"cpu": {"isolateEmulatorThread": True}}, "cpu.isolateEmulatorThread", "Dedicated"),
        (
            {"cpu": {"dedicatedCpuPlacement": True}, "resources": requests(cpu="800m")},
            "resources.requests.cpu",
            "interger",
        ),
        (
            {"cpu": {"dedicatedCpuPlacement": True, "threads": 3}},
            "cpu.dedicatedCpuPlacement",
            "(got 3)",
        ),
        ({"cpu": {"features": [{"name": "x", "policy": "y"}]}}, "cpu.features[0].policy", "y"),
        ({"cpu": {"sockets": 3, "maxSockets": 2}}, "cpu.sockets", "greater than the maximum"),
        (
            {"cpu": {"dedicatedCpuPlacement": True}},
            "cpu.dedicatedCpuPlacement",
            "must be provided when",
        ),
        (
            {"memory": {"guest": "64Mi", "reservedOverhead": {}}},
            "memory.reservedOverhead",
            "memlock",
        ),
    ],
)
def test_bad_domains(parts, field, message):
    ((where, text),) = causes(**parts)
    assert where == f"spec.domain.{field}"
    assert message in text


def test_real_time_needs_processors_and_cells_of_its_own():
    assert [field for field, _ in causes(cpu={"realtime": {}})] == [
        "spec.domain.cpu.dedicatedCpuPlacement",
        "spec.domain.cpu.numa.guestMappingPassthrough",
    ]


def test_cells_need_processors_and_huge_pages():
    found = causes(cpu={"numa": {"guestMappingPassthrough": {}}})
    assert len(found) == 2


def test_a_memory_limit_counts_without_live_update():
    parts = {"memory": {"guest": "2Gi"}, "resources": {"limits": {"memory": "1Gi"}}}
    assert causes(**parts) == []
    assert causes(gates(vmRolloutStrategy="Stage"), **parts)
