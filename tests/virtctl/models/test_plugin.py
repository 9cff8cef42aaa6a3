"""Plugins."""

from tests.fakes import crds
from virtctl.models import kinds
from virtctl.models.base import read
from virtctl.models.plugin import Plugin


def test_reads_a_plugin():
    spec = {"domainHooks": [{"cel": {"expression": "true"}}], "condition": "true"}
    found = read(Plugin, {"spec": spec})
    assert found.spec.domain_hooks[0].cel.expression == "true"


def test_fields_are_those_of_the_real_definition():
    assert crds.typed_differences(kinds.PLUGIN) == []
