"""Rules of replica sets and pools."""

import pytest

from tests.fakes.rules import fields, said, spec
from virtctl.local.api.context import AdmissionContext
from virtctl.local.api.rules.replicas import pool_causes, replica_set_causes

LABELS = {"app": "web"}
NEW = AdmissionContext()


def replica_set(template=None, labels=LABELS, **parts):
    made = {"metadata": {"labels": labels}, "spec": template or spec()}
    return {"spec": {"selector": {"matchLabels": LABELS}, "template": made, **parts}}


def pool(machine=None, labels=LABELS, **parts):
    given = {"runStrategy": "Halted", "template": {"spec": spec()}, **(machine or {})}
    template = {"metadata": {"labels": labels}, "spec": given}
    selector = {"matchLabels": LABELS}
    return {"spec": {"selector": selector, "virtualMachineTemplate": template, **parts}}


def test_good_ones():
    assert not list(replica_set_causes(replica_set(), NEW))
    assert not list(pool_causes(pool(), NEW))


def test_selectors_must_match():
    assert said(replica_set_causes(replica_set(labels={}), NEW)) == [
        ("spec.selector", "selector does not match labels.")
    ]
    assert fields(pool_causes(pool(labels={"app": "db"}), NEW)) == ["spec.selector"]
    odd = {"matchExpressions": [{"key": "a", "operator": "Like"}]}
    assert fields(replica_set_causes(replica_set(selector=odd), NEW)) == ["spec.selector"]


def test_templates_must_be_there():
    empty = {"spec": {"selector": {}, "template": {}, "virtualMachineTemplate": {}}}
    assert not list(replica_set_causes(empty, NEW))
    assert fields(replica_set_causes({"spec": {"selector": {}}}, NEW)) == ["spec.template"]
    assert fields(pool_causes(empty, NEW)) == ["spec.template"]


def test_templates_are_checked():
    bad = spec(volumes=[{"name": "a"}])
    (field, *_) = fields(replica_set_causes(replica_set(bad), NEW))
    assert field.startswith("spec.template.spec.volumes[0]")
    machine = {"template": {"spec": bad}}
    (cause, *_) = pool_causes(pool(machine), NEW)
    assert cause.field.startswith("spec.virtualMachineTemplate.spec.template.spec.volumes[0]")
    assert "spec.virtualMachineTemplate.spec.template.spec.volumes[0]" in cause.message


def test_pools_need_a_run_strategy():
    assert said(pool_causes(pool({"runStrategy": None}), NEW)) == [
        ("spec.virtualMachineTemplate.spec.running", "RunStrategy must be specified")
    ]


def test_selectors_of_pools_stay():
    changed = {"matchLabels": {**LABELS, "tier": "db"}}
    new = pool(labels={**LABELS, "tier": "db"}, selector=changed)
    assert said(pool_causes(new, AdmissionContext(old=pool()))) == [
        ("spec.selector", "selector is immutable after creation.")
    ]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("30", "maxUnavailable percentage must end with %"),
        ("x%", 'maxUnavailable percentage value "x" is invalid'),
        ("0%", "value 0 must be between 1 and 100"),
        ("101%", "value 101 must be between 1 and 100"),
        ("-1%", "value -1 must be between 1 and 100"),
        (0, "maxUnavailable must be greater than 0"),
    ],
)
def test_how_many_may_be_away(value, message):
    ((field, text),) = said(pool_causes(pool(maxUnavailable=value), NEW))
    assert field == "spec.maxUnavailable"
    assert message in text


@pytest.mark.parametrize("value", ["50%", "100%", 3])
def test_how_many_may_well_be_away(value):
    assert not list(pool_causes(pool(maxUnavailable=value), NEW))


@pytest.mark.parametrize("name", ["updateStrategy", "scaleInStrategy"])
def test_one_strategy_at_a_time(name):
    both = {name: {"proactive": {}, "opportunistic": {}}}
    assert fields(pool_causes(pool(**both), NEW)) == [f"spec.{name}"]
