import pytest

from virtctl.errors import ApiError
from virtctl.local.api.context import AdmissionContext
from virtctl.local.api.rules.plugins import plugin_causes


def context(*gates: str, **fields) -> AdmissionContext:
    configuration = {"developerConfiguration": {"featureGates": [*gates]}}
    return AdmissionContext(configuration=configuration, **fields)


def test_no_plugin_is_taken_while_the_gate_is_off() -> None:
    with pytest.raises(ApiError, match="Plugins feature gate is not enabled") as refused:
        plugin_causes({}, context())
    assert refused.value.code == 400


def test_plugins_are_taken_with_the_gate_and_may_be_changed_without() -> None:
    assert list(plugin_causes({}, context("Plugins"))) == []
    assert list(plugin_causes({}, context(old={}))) == []
