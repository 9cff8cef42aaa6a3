"""Presets."""

import pytest

from tests.fakes.rules import fields
from virtctl.local.api.context import AdmissionContext
from virtctl.local.api.defaults.presets import EXCLUDE, apply_presets, warn_of_presets

NOTE = "virtualmachinepreset.kubevirt.io/p1"


class Presets:
    """Stored presets."""

    def __init__(self, *found):
        self.found = found

    def get(self, kind, namespace, name):
        return None

    def list(self, kind, namespace):
        return self.found


def preset(name="p1", labels=None, **domain):
    selector = {"matchLabels": labels or {"size": "s"}}
    return {"metadata": {"name": name}, "spec": {"selector": selector, "domain": domain}}


def merged(*presets, annotations=None, **domain):
    metadata = {"name": "vmi", "namespace": "ns", "labels": {"size": "s"}}
    if annotations:
        metadata["annotations"] = annotations
    document = {"metadata": metadata, "spec": {"domain": domain}}
    causes = apply_presets(document, AdmissionContext(stored=Presets(*presets)))
    return document, causes


@pytest.mark.parametrize(
    ("given", "own", "after", "noted"),
    [
        ({"cpu": {"cores": 3}}, {}, {"cpu": {"cores": 3}}, True),
        ({"cpu": {"cores": 3}}, {"cpu": {"cores": 3}}, {"cpu": {"cores": 3}}, True),
        ({"cpu": {"cores": 3}}, {"cpu": {"cores": 2}}, {"cpu": {"cores": 2}}, False),
        (
            {"devices": {"watchdog": {"name": "w"}}},
            {"devices": {}},
            {"devices": {"watchdog": {"name": "w"}}},
            True,
        ),
        (
            {"resources": {"requests": {"memory": "1Gi", "cpu": "1"}}},
            {"resources": {"requests": {"memory": "2Gi"}}},
            {"resources": {"requests": {"memory": "2Gi", "cpu": "1"}}},
            True,
        ),
        ({}, {}, {}, False),
    ],
)
def test_one(given, own, after, noted):
    document, causes = merged(preset(**given), **own)
    assert causes == []
    assert document["spec"]["domain"] == after
    assert (NOTE in document["metadata"].get("annotations", {})) is noted


def test_only_those_that_select_it():
    document, _ = merged(preset(labels={"size": "l"}, cpu={"cores": 3}))
    assert document["spec"]["domain"] == {}
    odd = preset(cpu={"cores": 3})
    odd["spec"]["selector"] = {"matchExpressions": [{"key": "a", "operator": "Like"}]}
    assert merged(odd)[0]["spec"]["domain"] == {}


def test_an_instance_may_want_none():
    document, _ = merged(preset(cpu={"cores": 3}), annotations={EXCLUDE: "true"})
    assert document["spec"]["domain"] == {}


def test_presets_that_clash():
    document, causes = merged(preset(cpu={"cores": 3}), preset("p2", cpu={"cores": 4}))
    assert fields(causes) == ["spec.domain.cpu"]
    assert document["spec"]["domain"] == {}
    both, causes = merged(preset(cpu={"cores": 3}), preset("p2", memory={"guest": "1Gi"}))
    assert causes == []
    assert set(both["spec"]["domain"]) == {"cpu", "memory"}


def test_presets_are_going_away():
    for annotations, warned in (({NOTE: "kubevirt.io/v1"}, 1), ({EXCLUDE: "true"}, 0), ({}, 0)):
        context = AdmissionContext()
        warn_of_presets({"metadata": {"annotations": annotations}}, context)
        assert len(context.warnings) == warned
