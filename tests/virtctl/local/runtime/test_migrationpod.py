from virtctl.local.runtime import podmanifest
from virtctl.local.runtime.migrationpod import target_pod

VMI = {
    "metadata": {"name": "web", "namespace": "shop", "uid": "v", "labels": {"app": "web"}},
    "spec": {"domain": {}, "affinity": {"nodeAffinity": {"x": 1}}},
}
MIGRATION = {
    "metadata": {"name": "m1", "uid": "m"},
    "spec": {"vmiName": "web", "addedNodeSelector": {"rack": "2"}},
}


def test_the_pod_is_the_guests_own_once_more_elsewhere():
    source = podmanifest.build_pod(VMI, podmanifest.PodSettings())
    source["spec"]["nodeName"] = "node1"
    source["metadata"]["annotations"]["k8s.v1.cni.cncf.io/network-status"] = "[]"
    made = target_pod(VMI, source, MIGRATION)
    assert made["metadata"]["name"].startswith("virt-launcher-web-")
    assert made["metadata"]["name"] != source["metadata"]["name"]
    assert made["metadata"]["labels"]["kubevirt.io/migrationJobUID"] == "m"
    assert made["metadata"]["annotations"]["kubevirt.io/migrationJobName"] == "m1"
    assert "k8s.v1.cni.cncf.io/network-status" not in made["metadata"]["annotations"]
    assert made["metadata"]["ownerReferences"] == source["metadata"]["ownerReferences"]
    assert "nodeName" not in made["spec"]
    assert made["spec"]["nodeSelector"]["rack"] == "2"
    assert made["spec"]["containers"] == source["spec"]["containers"]
    rule = "requiredDuringSchedulingIgnoredDuringExecution"
    (term,) = made["spec"]["affinity"]["podAntiAffinity"][rule]
    (wanted,) = term["labelSelector"]["matchExpressions"]
    assert (wanted["key"], wanted["values"]) == ("kubevirt.io/created-by", ["v"])
    again = target_pod(VMI, made, MIGRATION)
    assert again["spec"]["affinity"] == made["spec"]["affinity"]
