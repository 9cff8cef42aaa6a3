"""What holds volumes that come to a running instance, and what is said of them."""

from virtctl.local.runtime import attachments
from virtctl.local.runtime.changes import Create, Delete

VMI = {
    "metadata": {"name": "web", "namespace": "shop", "uid": "u1"},
    "spec": {
        "volumes": [
            {"name": "root", "containerDisk": {"image": "tiny"}},
            {"name": "data", "persistentVolumeClaim": {"claimName": "c", "hotpluggable": True}},
        ]
    },
}
LAUNCHER = {"metadata": {"name": "virt-launcher-web-x", "uid": "p1"}, "spec": {"nodeName": "n1"}}
CLAIM = {"metadata": {"name": "c"}, "spec": {}, "status": {"phase": "Bound"}}


def keep(claims, pods=(), entries=(), vmi=VMI):
    status = {"volumeStatus": [{"name": "root", "target": "vda"}, *entries]}
    made = list(attachments.keep(vmi, LAUNCHER, pods, claims, status))
    return made, {one["name"]: one for one in status["volumeStatus"]}


def test_a_claim_that_is_not_there_is_waited_for():
    made, entries = keep({})
    assert made == []
    assert entries["data"]["reason"] == attachments.NOT_READY
    assert not attachments.has_come(entries["data"])
    assert entries["root"] == {"name": "root", "target": "vda"}


def test_a_claim_is_held_by_a_pod_of_the_launcher():
    made, entries = keep({"c": CLAIM})
    (pod,) = [one.document for one in made if isinstance(one, Create)]
    assert pod["spec"]["volumes"][0]["persistentVolumeClaim"] == {"claimName": "c"}
    assert pod["metadata"]["ownerReferences"][0]["uid"] == "p1"
    assert attachments.is_attachment(pod)
    assert entries["data"]["hotplugVolume"]["attachPodName"] == pod["metadata"]["name"]
    assert attachments.has_come(entries["data"])
    pod["metadata"]["uid"] = "h1"
    again, entries = keep({"c": CLAIM}, [pod], [entries["data"]])
    assert again == []
    assert entries["data"]["hotplugVolume"]["attachPodUID"] == "h1"


def test_a_claim_in_block_mode_is_held_as_a_device():
    claim = {**CLAIM, "metadata": {"name": "c", "uid": "c1"}, "spec": {"volumeMode": "Block"}}
    made, _ = keep({"c": claim})
    (pod,) = [one.document for one in made if isinstance(one, Create)]
    (container,) = pod["spec"]["containers"]
    assert container["volumeDevices"] == [{"name": "data", "devicePath": "/path/data/c1"}]
    assert "volumeMounts" not in container
    assert attachments.block_claims([claim, CLAIM]) == {"c"}


def test_a_disk_that_has_all_its_space_is_known():
    marks = {"cdi.kubevirt.io/storage.preallocation": "true"}
    full = {**CLAIM, "metadata": {"name": "c", "annotations": marks}}
    assert attachments.claim_info(full)["preallocated"] is True
    assert "preallocated" not in attachments.claim_info(CLAIM)


def test_a_pod_goes_after_its_disk():
    _, entries = keep({"c": CLAIM})
    pod = attachments.build_pod(VMI, LAUNCHER, VMI["spec"]["volumes"][1])
    less = {**VMI, "spec": {"volumes": VMI["spec"]["volumes"][:1]}}
    made, entries = keep({}, [pod], [entries["data"]], less)
    assert (made, entries["data"]["phase"]) == ([], "Detaching")
    made, _ = keep({}, [pod], [], less)
    assert [one.name for one in made if isinstance(one, Delete)] == [pod["metadata"]["name"]]
