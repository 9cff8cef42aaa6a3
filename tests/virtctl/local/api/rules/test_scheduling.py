"""Rules of affinity and spreading."""

from tests.fakes.rules import fields, said, spec
from virtctl.local.api.rules.scheduling import scheduling_causes

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"


def test_good_scheduling():
    term = {"topologyKey": "kubernetes.io/hostname"}
    preferred = {"weight": 5, "podAffinityTerm": term}
    affinity = {"podAntiAffinity": {REQUIRED: [term], PREFERRED: [preferred]}}
    spread = {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}
    document = spec(affinity=affinity, topologySpreadConstraints=[spread])
    assert said(scheduling_causes(document, "spec")) == []


def test_a_term_needs_a_topology():
    document = spec(affinity={"podAffinity": {REQUIRED: [{"topologyKey": ""}]}})
    assert set(fields(scheduling_causes(document, "spec"))) == {
        f"spec.podAffinity.{REQUIRED}[0].topologyKey"
    }


def test_weights_are_from_1_to_100():
    term = {"weight": 0, "podAffinityTerm": {"topologyKey": "zone"}}
    document = spec(affinity={"podAffinity": {PREFERRED: [term]}})
    assert fields(scheduling_causes(document, "spec")) == [
        f"spec.podAffinity.{PREFERRED}[0].weight"
    ]


def test_spreading_needs_skew_and_topology():
    document = spec(topologySpreadConstraints=[{"maxSkew": 0}])
    assert fields(scheduling_causes(document, "spec")) == [
        "spec.topologySpreadConstraints[0].maxSkew",
        "spec.topologySpreadConstraints[0].topologyKey",
        "spec.topologySpreadConstraints[0].whenUnsatisfiable",
    ]


def test_nodes_are_selected_by_terms():
    bare = {"matchExpressions": [{"key": "a", "operator": "In"}]}
    affinity = {
        REQUIRED: {"nodeSelectorTerms": []},
        PREFERRED: [{"weight": 101, "preference": bare}],
    }
    document = spec(affinity={"nodeAffinity": affinity})
    assert fields(scheduling_causes(document, "spec")) == [
        f"spec.nodeAffinity.{REQUIRED}.nodeSelectorTerms",
        f"spec.nodeAffinity.{PREFERRED}[0].weight",
        f"spec.nodeAffinity.{PREFERRED}[0].preference.matchExpressions[0].values",
    ]


def test_terms_select_labels_and_namespaces():
    term = {
        "topologyKey": "zone",
        "namespaces": ["A"],
        "labelSelector": {"matchLabels": {"a": "-"}},
    }
    document = spec(affinity={"podAffinity": {REQUIRED: [term]}})
    assert fields(scheduling_causes(document, "spec")) == [
        f"spec.podAffinity.{REQUIRED}[0].labelSelector.matchLabels",
        f"spec.podAffinity.{REQUIRED}[0].namespace",
    ]
