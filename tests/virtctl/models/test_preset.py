"""Presets."""

from tests.fakes import crds
from virtctl.models import kinds
from virtctl.models.base import read
from virtctl.models.preset import VirtualMachineInstancePreset


def test_reads_a_preset():
    spec = {"selector": {"matchLabels": {"size": "s"}}, "domain": {"devices": {}}}
    found = read(VirtualMachineInstancePreset, {"spec": spec})
    assert found.spec.selector.match_labels == {"size": "s"}


def test_fields_are_those_of_the_real_definition():
    assert crds.typed_differences(kinds.PRESET) == []
