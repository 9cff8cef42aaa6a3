"""Quotas and limits."""

from virtctl.models.base import read
from virtctl.models.quota import LimitRange, ResourceQuota


def test_reads_a_quota():
    found = read(ResourceQuota, {"spec": {"hard": {"pods": 4}}, "status": {"used": {"pods": "1"}}})
    assert (found.spec.hard, found.status.used) == ({"pods": 4}, {"pods": "1"})


def test_reads_limits():
    limit = {"type": "Container", "defaultRequest": {"cpu": "100m"}}
    found = read(LimitRange, {"spec": {"limits": [limit]}})
    assert found.spec.limits[0].default_request == {"cpu": "100m"}
