"""Rules of migration policies."""

import pytest

from tests.fakes.rules import fields, gates, said
from virtctl.local.api.context import AdmissionContext
from virtctl.local.api.rules.policies import policy_causes

STALL = "spec.experimental.stallDetector"


def detector(**factors):
    return {"experimental": {"stallDetector": factors}}


@pytest.mark.parametrize(
    ("spec", "wrong"),
    [
        ({"completionTimeoutPerGiB": -1}, ["spec.completionTimeoutPerGiB"]),
        ({"bandwidthPerMigration": "-1Mi"}, ["spec.bandwidthPerMigration"]),
        ({"completionTimeoutPerGiB": 0, "bandwidthPerMigration": "64Mi"}, []),
        ({"maxDowntimeMs": 5}, ["spec.maxDowntimeMs"]),
        ({"experimental": {"downtimeTuning": {}}}, ["spec.experimental.downtimeTuning"]),
        (detector(), [STALL]),
    ],
)
def test_policies(spec, wrong):
    assert fields(policy_causes({"spec": spec}, gates())) == wrong
    unchanged = AdmissionContext(old={"spec": spec})
    gated = [field for field in wrong if "Migration" not in field and "PerGiB" not in field]
    kept = [field for field in wrong if field not in gated]
    assert fields(policy_causes({"spec": spec}, unchanged)) == kept


@pytest.mark.parametrize(
    ("factors", "wrong"),
    [
        ({"ewmaAlpha": "0"}, ["ewmaAlpha"]),
        ({"ewmaAlpha": "0.5"}, []),
        ({"ewmaAlpha": "1.5"}, ["ewmaAlpha"]),
        ({"ewmaAlpha": "-1"}, ["ewmaAlpha"]),
        ({"ewmaAlpha": "500u"}, ["ewmaAlpha"]),
        ({"precopyPossibleFactor": "500m"}, ["precopyPossibleFactor"]),
        ({"patienceWindowDecayFactor": "0"}, []),
        ({"completionTimeoutFactor": "9"}, []),
    ],
)
def test_factors(factors, wrong):
    context = gates("MigrationStallDetection")
    found = fields(policy_causes({"spec": detector(**factors)}, context))
    assert found == [f"{STALL}.{name}" for name in wrong]


def test_two_ways_exclude_each_other():
    spec = {"experimental": {"stallDetector": {}, "downtimeTuning": {}}}
    context = gates("MigrationStallDetection", "MigrationDowntimeTuning")
    assert fields(policy_causes({"spec": spec}, context)) == ["spec.experimental"]


def test_what_is_wrong_with_a_factor_is_said():
    spec = detector(ewmaAlpha="-1", precopyPossibleFactor="1500500u")
    found = said(policy_causes({"spec": spec}, gates("MigrationStallDetection")))
    assert [text for _, text in found] == [
        'invalid scalar "-1": must not be negative',
        'invalid scalar "1500500u": must have at most 3 decimal places',
    ]
