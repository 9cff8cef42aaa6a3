"""Rules of core kinds."""

import pytest

from tests.fakes.rules import said
from virtctl.local.api.rules.core import core_causes
from virtctl.models import kinds


def claim(**spec):
    good = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    return {"spec": {**good, **spec}}


def pod(**container):
    return {"spec": {"containers": [{"name": "a", "image": "b", **container}]}}


@pytest.mark.parametrize(
    ("kind", "document"),
    [
        (kinds.PVC, claim()),
        (kinds.SERVICE, {"spec": {"ports": [{"port": 22}]}}),
        (kinds.SERVICE, {"spec": {"clusterIP": "None"}}),
        (kinds.SECRET, {"data": {"a.b": ""}, "stringData": {"c": ""}}),
        (kinds.POD, pod()),
        (kinds.EVENT, {}),
    ],
)
def test_good_objects(kind, document):
    assert said(core_causes(kind, document)) == []


@pytest.mark.parametrize(
    ("kind", "document", "field", "message"),
    [
        (kinds.PVC, claim(resources={}), "spec.resources[storage]", "Required value"),
        (kinds.PVC, claim(accessModes=[]), "spec.accessModes", "at least 1 access mode"),
        (kinds.PVC, claim(accessModes=["Any"]), "spec.accessModes", 'Unsupported value: "Any"'),
        (kinds.SERVICE, {"spec": {}}, "spec.ports", "Required value"),
        (
            kinds.SERVICE,
            {"spec": {"ports": [{"port": 0, "targetPort": 1}]}},
            "spec.ports[0].port",
            "between 1 and",
        ),
        (
            kinds.SERVICE,
            {"spec": {"ports": [{"port": 1, "targetPort": 65536}]}},
            "spec.ports[0].targetPort",
            "between 1 and",
        ),
        (
            kinds.SERVICE,
            {"spec": {"ports": [{"port": 1}, {"port": 2, "name": "b"}]}},
            "spec.ports[0].name",
            "Required value",
        ),
        (
            kinds.SERVICE,
            {"spec": {"ports": [{"port": 1, "name": "b"}, {"port": 2, "name": "b"}]}},
            "spec.ports[1].name",
            'Duplicate value: "b"',
        ),
        (
            kinds.SERVICE,
            {"spec": {"type": "Any", "ports": [{"port": 1}]}},
            "spec.type",
            "ClusterIP",
        ),
        (kinds.CONFIG_MAP, {"data": {"a b": ""}}, "data[a b]", "a valid config key"),
        (kinds.POD, {"spec": {}}, "spec.containers", "Required value"),
        (kinds.POD, pod(image=""), "spec.containers[0].image", "Required value"),
        (kinds.POD, pod(name="A"), "spec.containers[0].name", "RFC 1123 label"),
        (
            kinds.POD,
            pod(volumeMounts=[{"name": "v"}]),
            "spec.containers[0].volumeMounts[0].name",
            'Not found: "v"',
        ),
    ],
)
def test_bad_objects(kind, document, field, message):
    ((where, text),) = said(core_causes(kind, document))
    assert where == field
    assert message in text
