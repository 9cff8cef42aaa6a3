from virtctl.local.controllers.pool.seen import Seen
from virtctl.local.controllers.pool.status import is_paused, report
from virtctl.local.runtime.changes import describe


def test_a_pool_that_goes_on_says_so():
    paused = {"type": "ReplicaPaused", "status": "True"}
    pool = {
        "kind": "VirtualMachinePool",
        "metadata": {"name": "p"},
        "status": {"conditions": [paused]},
    }
    assert not is_paused(pool)
    patch, event = (describe(one) for one in report(Seen(pool=pool), 0))
    assert patch["body"] == {"status": {"conditions": None}}
    assert event["event"] == "Normal SuccessfulResume"


def test_the_selector_is_spelled_for_scaling():
    pool = {"metadata": {}, "spec": {"selector": {"matchLabels": {"a": "b"}}}}
    (patch,) = report(Seen(pool=pool), 0)
    assert patch.body["status"]["labelSelector"] == "a=b"
