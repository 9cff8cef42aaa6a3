"""Matchers of machines, at admission."""

import pytest

from tests.fakes.lookups import lookup, stored
from tests.fakes.rules import said
from virtctl.local.api.context import AdmissionContext
from virtctl.local.api.defaults.matchers import (
    default_matchers,
    expand_by_policy,
    matcher_causes,
)
from virtctl.local.api.instancetypes.inference import CannotInfer
from virtctl.models import kinds


class Stored:
    """Stored objects."""

    def __init__(self, *documents):
        self.get = lookup(*documents)


def context(*documents):
    return AdmissionContext(stored=Stored(*documents))


def vm(**spec):
    template = {"spec": {"domain": {}, **spec.pop("template", {})}}
    return {"metadata": {"name": "a", "namespace": "ns"}, "spec": {"template": template, **spec}}


NAMED_TWICE = "Name already set, should be cleared before setting inferFromVolume"


@pytest.mark.parametrize(
    ("spec", "field", "message"),
    [
        (
            {"preference": {"kind": "x"}},
            "spec.preference",
            "Either Name or InferFromVolume should be provided within the PreferenceMatcher",
        ),
        (
            {"instancetype": {"name": "a", "inferFromVolume": "b"}},
            "spec.instancetype.name",
            NAMED_TWICE,
        ),
        (
            {"instancetype": {"inferFromVolume": "b", "inferFromVolumeFailurePolicy": "Maybe"}},
            "spec.instancetype.inferFromVolumeFailurePolicy",
            "Invalid value 'Maybe' for InferFromVolumeFailurePolicy",
        ),
    ],
)
def test_broken_matchers(spec, field, message):
    assert said(matcher_causes(vm(**spec), None)) == [(field, message)]


def test_another_name_needs_another_revision():
    old = vm(preference={"name": "a", "revisionName": "r1"})
    renamed = vm(preference={"name": "b", "revisionName": "r1"})
    ((field, message),) = said(matcher_causes(renamed, old))
    assert field == "spec.preference.revisionName"
    assert "without updating the RevisionName" in message
    for matcher in ({"name": "b"}, {"name": "b", "revisionName": "r2"}, {"name": "a"}):
        assert not list(matcher_causes(vm(preference=matcher), old))


def test_the_first_broken_matcher_hides_the_other():
    both = vm(instancetype={"kind": "x"}, preference={"kind": "y"})
    assert [field for field, _ in said(matcher_causes(both, None))] == ["spec.instancetype"]


def test_claims_come_of_the_preferred_class():
    preference = stored(
        kinds.CLUSTER_PREFERENCE, "p", spec={"volumes": {"preferredStorageClassName": "fast"}}
    )
    entries = [{"spec": {"pvc": {}}}, {"spec": {"storage": {"storageClassName": "own"}}}]
    document = vm(preference={"name": "p"}, dataVolumeTemplates=entries)
    default_matchers(document, context(preference))
    assert document["spec"]["dataVolumeTemplates"] == [
        {"spec": {"pvc": {"storageClassName": "fast"}}},
        {"spec": {"storage": {"storageClassName": "own"}}},
    ]


def test_good_matchers():
    assert not list(matcher_causes(vm(), None))
    assert not list(matcher_causes(vm(instancetype={"name": "a", "kind": "b"}), None))


def test_what_a_preference_decides():
    spec = {"preferredArchitecture": "arm64", "machine": {"preferredMachineType": "virt-8"}}
    preference = stored(kinds.CLUSTER_PREFERENCE, "p", spec)
    machine = vm(preference={"name": "p"})
    default_matchers(machine, context(preference))
    spec = machine["spec"]["template"]["spec"]
    assert (spec["architecture"], spec["domain"]["machine"]) == ("arm64", {"type": "virt-8"})
    own = vm(
        preference={"name": "p"},
        template={"architecture": "amd64", "domain": {"machine": {"type": "q35"}}},
    )
    default_matchers(own, context(preference))
    spec = own["spec"]["template"]["spec"]
    assert (spec["architecture"], spec["domain"]["machine"]) == ("amd64", {"type": "q35"})


def test_a_data_source_decides_the_architecture():
    labels = {"template.kubevirt.io/architecture": "arm64"}
    source = stored(kinds.DATA_SOURCE, "d", labels=labels)
    reference = {"sourceRef": {"kind": "DataSource", "name": "d"}}
    machine = vm(dataVolumeTemplates=[{"metadata": {"name": "dv"}, "spec": reference}])
    default_matchers(machine, context(source))
    assert machine["spec"]["template"]["spec"]["architecture"] == "arm64"


def test_inference():
    with pytest.raises(CannotInfer):
        default_matchers(vm(instancetype={"inferFromVolume": "x"}), context())


def expanded(policy, *, old=None, **matcher):
    instancetype = stored(
        kinds.CLUSTER_INSTANCETYPE, "it", {"cpu": {"guest": 2}, "memory": {"guest": "1Gi"}}
    )
    revision = stored(kinds.CONTROLLER_REVISION, "rev")
    revision["data"] = {"spec": {"cpu": {"guest": 4}, "memory": {"guest": "2Gi"}}}
    machine = vm(instancetype={"name": "it", **matcher.pop("matcher", {})}, **matcher)
    configuration = {"instancetype": {"referencePolicy": policy}}
    expand_by_policy(
        machine,
        AdmissionContext(
            configuration=configuration, old=old, stored=Stored(instancetype, revision)
        ),
    )
    return machine["spec"]


def test_the_policy_works_instancetypes_into_new_machines():
    spec = expanded("expand")
    assert "instancetype" not in spec
    domain = spec["template"]["spec"]["domain"]
    assert (domain["cpu"]["sockets"], domain["memory"]["guest"]) == (2, "1Gi")


def test_machines_that_keep_their_instancetypes():
    for spec in (
        expanded("reference"),
        expanded("expand", old={}),
        expanded("expand", matcher={"revisionName": "rev"}),
        expanded("expand", matcher={"name": "none"}),
        expanded("expand", template={"domain": {"memory": {"guest": "3Gi"}}}),
    ):
        assert "instancetype" in spec


def test_a_revision_is_worked_in_when_all_are():
    spec = expanded("expandAll", matcher={"revisionName": "rev"})
    assert spec["template"]["spec"]["domain"]["cpu"]["sockets"] == 4
