import pytest

from launcher.spec import Limits
from virtctl.local.node.translate_limits import limits

MEBI = 1 << 20


def of(config=None, **domain):
    whole = {"memory": {"guest": "64Mi"}, **domain}
    return limits({"metadata": {"name": "a"}, "spec": {"domain": whole}}, config or {})


def test_without_limits_only_the_share_is_set():
    assert of() == Limits(cpu_request=100)
    assert of(cpu={"cores": 4}).cpu_request == 400


def test_limits_of_the_pod():
    asked = {
        "requests": {"cpu": "250m", "memory": "64Mi"},
        "limits": {"cpu": "1500m", "memory": "1Gi"},
    }
    found = of(resources=asked)
    assert (found.cpu_request, found.cpu_limit) == (250, 1500)
    assert found.memory > 1024 * MEBI + 200 * MEBI  # with what the launcher needs


def test_the_cluster_says_how_many_cpus_share_one():
    config = {
        "developerConfiguration": {"cpuAllocationRatio": 4},
        "additionalGuestMemoryOverheadRatio": "1.5",
    }
    asked = {"limits": {"memory": "1Gi"}}
    usual, more = of(resources=asked), of(config, resources=asked)
    assert (usual.cpu_request, more.cpu_request) == (100, 250)
    overhead = pytest.approx((usual.memory - 1024 * MEBI) * 1.5, abs=1024)  # which is rounded
    assert more.memory - 1024 * MEBI == overhead
    assert of({"additionalGuestMemoryOverheadRatio": "much"}, resources=asked) == usual
