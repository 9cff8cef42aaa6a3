"""What of a pod may be changed."""

import pytest

from tests.fakes.rules import said
from virtctl.local.api.rules.pods import pod_update_causes

SPEC = {
    "containers": [{"name": "c", "image": "i"}],
    "tolerations": [{"key": "a", "operator": "Exists", "tolerationSeconds": 5}],
    "restartPolicy": "Always",
}


def fields(**changed):
    found = pod_update_causes({"spec": {**SPEC, **changed}}, {"spec": SPEC})
    return [field for field, _ in said(found)]


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"containers": [{"name": "c", "image": "j"}]},
        {"activeDeadlineSeconds": 5},
        {"tolerations": [*SPEC["tolerations"], {"key": "b"}]},
        {"tolerations": [{"key": "a", "operator": "Exists", "tolerationSeconds": 9}]},
    ],
)
def test_what_may_change(changed):
    assert fields(**changed) == []


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"restartPolicy": "Never"}, "spec"),
        ({"nodeName": "n"}, "spec"),
        ({"containers": [{"name": "d", "image": "i"}]}, "spec"),
        ({"containers": [*SPEC["containers"], {"name": "d"}]}, "spec.containers"),
        ({"initContainers": [{"name": "d"}]}, "spec.initContainers"),
        ({"tolerations": [{"key": "b"}]}, "spec.tolerations"),
    ],
)
def test_what_may_not(changed, field):
    assert fields(**changed) == [field]
