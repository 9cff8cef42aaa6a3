import pytest

from virtctl.local.runtime.autolimits import RATIO, AutoLimits, automatic

SELECTS = {"autoCPULimitNamespaceLabelSelector": {"matchLabels": {"limited": "yes"}}}


def quota(*names):
    return {"spec": {"hard": dict.fromkeys(names, "1")}}


def namespace(**labels):
    return {"metadata": {"name": "ns", "labels": labels}}


@pytest.mark.parametrize(
    ("quotas", "limits"),
    [
        ([], AutoLimits()),
        ([quota("requests.cpu", "pods")], AutoLimits()),
        ([quota("pods"), quota("limits.cpu")], AutoLimits(cpu=True)),
        ([quota("limits.memory")], AutoLimits(memory=2.0)),
    ],
)
def test_quotas_ask_for_limits(quotas, limits):
    assert automatic(quotas, namespace(), {}) == limits


def test_the_cluster_selects_namespaces():
    assert automatic([], namespace(limited="yes"), SELECTS).cpu
    assert not automatic([], namespace(), SELECTS).cpu
    bad = {"matchExpressions": [{"key": "a", "operator": "Near"}]}
    broken = {"autoCPULimitNamespaceLabelSelector": bad}
    assert not automatic([], namespace(limited="yes"), broken).cpu


@pytest.mark.parametrize(("told", "ratio"), [("1.5", 1.5), ("0.5", 2.0), ("much", 2.0)])
def test_a_namespace_has_a_ratio_of_its_own(told, ratio):
    labels = {RATIO: told}
    assert automatic([quota("limits.memory")], namespace(**labels), {}).memory == ratio
