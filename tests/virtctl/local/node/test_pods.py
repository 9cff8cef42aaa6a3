from tests.fakes.shelf import NOW
from virtctl.local.node import pods
from virtctl.local.node.pods import Host, Waiting

POD = {
    "metadata": {"name": "p"},
    "spec": {
        "containers": [
            {"name": "compute", "image": "virt-launcher"},
            {"name": "volumeroot", "image": "tiny"},
        ],
        "initContainers": [
            {"name": "guest-console-log", "image": "virt-launcher", "restartPolicy": "Always"},
            {"name": "volumeroot-init", "image": "tiny"},
        ],
    },
    "status": {"phase": "Pending"},
}
HOST = Host(addresses=("10.244.0.2", "fd10::2"), now=NOW)


def ready(status):
    return {one["type"]: one["status"] for one in status["conditions"]}["Ready"]


def test_creating_tells_what_each_container_waits_for():
    host = Host(
        addresses=HOST.addresses, now=NOW, waiting={"tiny": Waiting("ErrImagePull", "not there")}
    )
    made = pods.creating(POD, host)
    assert made["phase"] == "Pending"
    assert made["hostIPs"] == [{"ip": "10.244.0.2"}, {"ip": "fd10::2"}]
    waiting = {
        one["name"]: one["state"]["waiting"]
        for one in (*made["containerStatuses"], *made["initContainerStatuses"])
    }
    assert waiting == {
        "compute": {"reason": "PodInitializing"},
        "volumeroot": {"reason": "PodInitializing"},
        "guest-console-log": {"reason": "PodInitializing"},
        "volumeroot-init": {"reason": "ErrImagePull", "message": "not there"},
    }
    recovered = pods.creating({**POD, "status": made}, HOST)
    assert "initContainerStatuses" not in recovered
    assert recovered["containerStatuses"][0]["state"]["waiting"]["reason"] == "ContainerCreating"
    assert ready(made) == "False"


def test_running_and_paused():
    made = pods.running(POD, HOST, ["10.244.1.2", "fd10::3"])
    assert made["podIP"] == "10.244.1.2"
    assert made["podIPs"] == [{"ip": "10.244.1.2"}, {"ip": "fd10::3"}]
    assert all(one["ready"] for one in made["containerStatuses"])
    inits = {one["name"]: list(one["state"]) for one in made["initContainerStatuses"]}
    assert inits == {"guest-console-log": ["running"], "volumeroot-init": ["terminated"]}
    assert ready(made) == "True"
    paused = pods.running({**POD, "status": made}, HOST, ["10.244.1.2"], unpaused=False)
    assert ready(paused) == "False"
    assert all(one["ready"] for one in paused["containerStatuses"])


def test_start_times_are_kept():
    made = pods.running(POD, HOST, ["10.244.1.2"])
    later = Host(addresses=HOST.addresses, now=NOW + 60)
    assert pods.running({**POD, "status": made}, later, ["10.244.1.2"]) == made


def test_the_end_is_success_or_failure():
    made = pods.running(POD, HOST, ["10.244.1.2"])
    good = pods.ended({**POD, "status": made}, HOST)
    assert good["phase"] == "Succeeded"
    assert not any(one["ready"] for one in good["containerStatuses"])
    bad = pods.ended({**POD, "status": made}, HOST, failure="LauncherLost")
    codes = {
        one["name"]: one["state"]["terminated"]["exitCode"] for one in bad["containerStatuses"]
    }
    assert (bad["phase"], bad["message"]) == ("Failed", "LauncherLost")
    assert codes == {"compute": 1, "volumeroot": 0}


def test_a_rejected_pod_says_why():
    made = pods.rejected(POD, HOST, "UnsupportedPod", "no containers here")
    assert (made["phase"], made["reason"]) == ("Failed", "UnsupportedPod")
