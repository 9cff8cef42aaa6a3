"""Workloads."""

import pytest

from virtctl.models.base import read
from virtctl.models.workloads import (
    DaemonSet,
    Deployment,
    Job,
    PodDisruptionBudget,
    PriorityClass,
    StatefulSet,
)

POD = {"spec": {"containers": [{"name": "c", "image": "i"}]}}
SELECTOR = {"matchLabels": {"app": "web"}}


@pytest.mark.parametrize("model", [Deployment, DaemonSet, StatefulSet])
def test_reads_what_makes_pods(model):
    found = read(model, {"spec": {"selector": SELECTOR, "template": POD}})
    assert found.spec.template.spec.containers[0].name == "c"


def test_reads_a_job():
    found = read(Job, {"spec": {"template": POD, "backoffLimit": 2}, "status": {"succeeded": 1}})
    assert (found.spec.backoff_limit, found.status.succeeded) == (2, 1)


def test_reads_a_budget_and_a_priority():
    assert read(PodDisruptionBudget, {"spec": {"minAvailable": "50%"}}).spec.min_available == "50%"
    assert read(PriorityClass, {"value": 10}).value == 10
