"""Affinity, tolerations and spreading."""

from tests.fakes import crds
from virtctl.models.base import read
from virtctl.models.scheduling import Affinity


def test_reads_node_affinity():
    key = "requiredDuringSchedulingIgnoredDuringExecution"
    term = {"matchExpressions": [{"key": "k", "operator": "In", "values": ["v"]}]}
    affinity = read(Affinity, {"nodeAffinity": {key: {"nodeSelectorTerms": [term]}}})
    required = affinity.node_affinity.required_during_scheduling_ignored_during_execution
    assert required.node_selector_terms[0].match_expressions[0].values == ("v",)


def test_fields_are_those_of_the_real_definition():
    schema = crds.real(crds.INSTANCE, "spec", "affinity")
    assert crds.differences(Affinity, schema) == []
