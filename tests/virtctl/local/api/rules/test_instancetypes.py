"""Rules of instancetypes and preferences."""

import pytest

from tests.fakes.rules import fields, said
from virtctl.local.api.context import AdmissionContext
from virtctl.local.api.rules.instancetypes import instancetype_causes, preference_causes


def instancetype(**parts):
    return {"spec": {"cpu": {"guest": 2}, "memory": {"guest": "1Gi"}, **parts}}


def preference(topology, ratio=None, **options):
    spread = {**options, **({} if ratio is None else {"ratio": ratio})}
    return {"spec": {"cpu": {"preferredCPUTopology": topology, "spreadOptions": spread}}}


NEW = AdmissionContext()


def test_instancetypes():
    assert not list(instancetype_causes(instancetype(), NEW))
    both = {"guest": "1Gi", "overcommitPercent": 20, "hugepages": {"pageSize": "2Mi"}}
    field = "spec.memory.overcommitPercent"
    assert fields(instancetype_causes(instancetype(memory=both), NEW)) == [field]
    much = {"guest": "1Gi", "overcommitPercent": 101}
    assert fields(instancetype_causes(instancetype(memory=much), NEW)) == [field]
    warned = AdmissionContext()
    assert not list(instancetype_causes(instancetype(launchSecurity={}), warned))
    assert "deprecated" in warned.warnings[0]


@pytest.mark.parametrize(
    ("document", "field"),
    [
        (preference("hypercube"), "spec.cpu.preferredCPUTopology"),
        (preference("spread", across="Everything"), "spec.cpu.spreadOptions.across"),
        (preference("spread", 3, across="CoresThreads"), "spec.cpu.spreadOptions.ratio"),
    ],
)
def test_preferences(document, field):
    assert fields(preference_causes(document, NEW)) == [field]


@pytest.mark.parametrize(
    "document",
    [
        {"spec": {}},
        preference("any"),
        preference("spread", 3),
        preference("spread", 2, across="CoresThreads"),
        preference("cores", across="Everything"),
    ],
)
def test_good_preferences(document):
    assert said(preference_causes(document, NEW)) == []


def test_former_names_are_deprecated():
    context = AdmissionContext()
    assert not list(preference_causes(preference("preferCores"), context))
    assert "please use cores instead" in context.warnings[0]
