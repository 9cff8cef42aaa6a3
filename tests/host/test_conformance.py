"""What KubeVirt's own functional suite needs before its first spec, and of specs without guests."""

import json
import ssl
import subprocess
import urllib.request
from collections.abc import Iterator

import pytest
from kubernetes import client, config
from kubernetes.client.exceptions import ApiException

from tests.fakes.instance import Instance, free_port, until

pytestmark = [pytest.mark.host, pytest.mark.timeout(900)]

SPACE = "kubevirt-test-default1"
VMI = ("kubevirt.io", "v1", SPACE, "virtualmachineinstances")
CLEANED = {
    "apps/v1": ("deployments", "replicasets"),
    "autoscaling/v2": ("horizontalpodautoscalers",),
    "backup.kubevirt.io/v1alpha1": ("virtualmachinebackups", "virtualmachinebackuptrackers"),
    "batch/v1": ("jobs",),
    "clone.kubevirt.io/v1beta1": ("virtualmachineclones",),
    "export.kubevirt.io/v1": ("virtualmachineexports",),
    "instancetype.kubevirt.io/v1beta1": (
        "virtualmachineinstancetypes",
        "virtualmachinepreferences",
    ),
    "k8s.cni.cncf.io/v1": ("network-attachment-definitions",),
    "kubevirt.io/v1": (
        "virtualmachineinstancemigrations",
        "virtualmachineinstancepresets",
        "virtualmachineinstancereplicasets",
        "virtualmachineinstances",
        "virtualmachines",
    ),
    "pool.kubevirt.io/v1beta1": ("virtualmachinepools",),
    "snapshot.kubevirt.io/v1beta1": (
        "virtualmachinerestores",
        "virtualmachinesnapshotcontents",
        "virtualmachinesnapshots",
    ),
    "v1": (
        "events", "limitranges", "persistentvolumeclaims", "pods", "resourcequotas", "secrets",
        "services",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    made = Instance(tmp_path_factory.mktemp("conformance") / "instance")
    try:
        made.up("--emulation", "always")
        yield made
    finally:
        made.down()


@pytest.fixture(scope="module")
def api(instance: Instance) -> Iterator[client.ApiClient]:
    with config.new_client_from_config(instance.environ["KUBECONFIG"]) as made:
        core = client.CoreV1Api(made)
        core.create_namespace({"metadata": {"name": SPACE}})
        yield made


def kubevirt(api: client.ApiClient) -> dict:
    (found,) = client.CustomObjectsApi(api).list_cluster_custom_object(
        "kubevirt.io", "v1", "kubevirts"
    )["items"]
    return found


def machine(name: str, **spec: object) -> dict:
    """A machine without disks, which runs and has no guest."""
    return {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachineInstance",
        "metadata": {"name": name},
        "spec": {
            "terminationGracePeriodSeconds": 0,
            "domain": {"devices": {}, "memory": {"guest": "64Mi"}},
            **spec,
        },
    }


def events(api: client.ApiClient, name: str) -> dict[str, str]:
    """Reasons and types of what happened to an instance."""
    found = client.CoreV1Api(api).list_namespaced_event(
        SPACE, field_selector=f"involvedObject.name={name}"
    )
    return {event.reason: event.type for event in found.items}


def condition(vmi: dict, kind: str) -> dict:
    found = vmi.get("status", {}).get("conditions", [])
    return next((each for each in found if each["type"] == kind), {})


def conditions(found: dict) -> dict[str, str]:
    return {each["type"]: each["status"] for each in found["status"].get("conditions", [])}


def test_the_installation_is_ready(api) -> None:
    found = until(lambda: kubevirt(api).get("status", {}).get("observedGeneration"), "KubeVirt")
    assert found == kubevirt(api)["metadata"]["generation"]
    wanted = {"Available": "True", "Created": "True", "Progressing": "False", "Degraded": "False"}
    until(lambda: conditions(kubevirt(api)) == wanted, "the conditions of an installation")
    assert kubevirt(api)["spec"]["configuration"]["developerConfiguration"]["useEmulation"]
    space = kubevirt(api)["metadata"]["namespace"]
    operator = client.AppsV1Api(api).read_namespaced_deployment("virt-operator", space)
    assert operator.status.ready_replicas > 0
    (node,) = client.CoreV1Api(api).list_node().items
    assert node.metadata.labels["kubevirt.io/schedulable"] == "true"
    assert node.status.node_info.architecture == "amd64"


@pytest.mark.parametrize("component", ["virt-api", "virt-controller", "virt-handler"])
def test_components_know_the_configuration(instance, api, component) -> None:
    space = kubevirt(api)["metadata"]["namespace"]
    (pod,) = (
        client.CoreV1Api(api)
        .list_namespaced_pod(space, label_selector=f"kubevirt.io={component}")
        .items
    )
    assert pod.status.pod_ips
    wanted = int(kubevirt(api)["metadata"]["resourceVersion"])
    port = free_port()
    forward = subprocess.Popen(
        ["kubectl", "-n", space, "port-forward", pod.metadata.name, f"{port}:8443"],
        env=instance.environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        assert "Forwarding from" in forward.stdout.readline()
        unchecked = ssl.create_default_context()
        unchecked.check_hostname, unchecked.verify_mode = False, ssl.CERT_NONE

        def known() -> int:
            url = f"https://127.0.0.1:{port}/healthz"
            with urllib.request.urlopen(url, context=unchecked, timeout=60) as answer:
                return int(json.load(answer)["config-resource-version"])

        until(lambda: known() >= wanted, "the newest configuration")
    finally:
        forward.terminate()
        forward.communicate(timeout=60)


def test_accounts_have_tokens_and_rights(api) -> None:
    core = client.CoreV1Api(api)
    core.create_namespaced_service_account(SPACE, {"metadata": {"name": "viewer"}})
    annotations = {"kubernetes.io/service-account.name": "viewer"}
    secret = {
        "metadata": {"name": "viewer", "annotations": annotations},
        "type": "kubernetes.io/service-account-token",
    }
    core.create_namespaced_secret(SPACE, secret)
    until(lambda: (core.read_namespaced_secret("viewer", SPACE).data or {}).get("token"), "token")
    binding = {
        "metadata": {"name": "viewer"},
        "roleRef": {
            "apiGroup": "rbac.authorization.k8s.io",
            "kind": "ClusterRole",
            "name": "kubevirt.io:view",
        },
        "subjects": [{"kind": "ServiceAccount", "name": "viewer", "namespace": SPACE}],
    }
    client.RbacAuthorizationV1Api(api).create_namespaced_role_binding(SPACE, binding)
    asked = {"group": "kubevirt.io", "resource": "virtualmachines", "namespace": SPACE}
    for verb, allowed in (("list", True), ("create", False)):
        review = client.AuthorizationV1Api(api).create_subject_access_review(
            {
                "spec": {
                    "user": f"system:serviceaccount:{SPACE}:viewer",
                    "resourceAttributes": {**asked, "verb": verb},
                }
            }
        )
        assert review.status.allowed is allowed


@pytest.mark.parametrize("version", CLEANED)
def test_collections_are_emptied(api, version) -> None:
    root = f"/apis/{version}" if "/" in version else f"/api/{version}"
    for plural in CLEANED[version]:
        path = f"{root}/namespaces/{SPACE}/{plural}"
        for method in ("GET", "DELETE"):
            answer = api.call_api(method, api.configuration.host + path)
            assert answer.status == 200, (method, path)


def test_a_machine_that_fits_nowhere_waits(api) -> None:
    objects = client.CustomObjectsApi(api)
    objects.create_namespaced_custom_object(
        *VMI, machine("lost", nodeSelector={"kubernetes.io/hostname": "nowhere"})
    )

    def why():
        vmi = objects.get_namespaced_custom_object(*VMI, "lost")
        return condition(vmi, "PodScheduled").get("reason")

    assert until(why, "the condition PodScheduled") == "Unschedulable"
    finalizers = [{"op": "remove", "path": "/metadata/finalizers"}]
    objects.patch_namespaced_custom_object(
        *VMI, "lost", finalizers, _content_type="application/json-patch+json"
    )
    objects.delete_namespaced_custom_object(*VMI, "lost")

    def left():
        found = objects.list_namespaced_custom_object(*VMI)["items"]
        return "lost" in {each["metadata"]["name"] for each in found}

    until(lambda: not left(), "the end of the instance")


def test_a_machine_starts_and_is_not_evicted(api) -> None:
    objects, core = client.CustomObjectsApi(api), client.CoreV1Api(api)
    made = objects.create_namespaced_custom_object(
        *VMI, machine("runs", evictionStrategy="LiveMigrate")
    )

    def running():
        vmi = objects.get_namespaced_custom_object(*VMI, "runs")
        return vmi.get("status", {}).get("phase") == "Running"

    until(running, "the phase Running")
    until(lambda: "Started" in events(api, "runs"), "the event Started")
    assert set(events(api, "runs").values()) == {"Normal"}
    uid = made["metadata"]["uid"]
    (pod,) = core.list_namespaced_pod(
        SPACE,
        label_selector=f"kubevirt.io/created-by={uid}",
        field_selector="status.phase=Running,spec.nodeName=node1",
    ).items
    assert "compute" in {each.name for each in pod.spec.containers}
    eviction = {"metadata": {"name": pod.metadata.name, "namespace": SPACE}}
    with pytest.raises(ApiException) as refused:
        core.create_namespaced_pod_eviction(pod.metadata.name, SPACE, eviction)
    assert refused.value.status == 429


def test_a_namespace_goes_with_all_that_is_in_it(api) -> None:
    core = client.CoreV1Api(api)
    core.delete_namespace(SPACE)

    def gone():
        return SPACE not in {each.metadata.name for each in core.list_namespace().items}

    until(gone, "the end of the namespace")
    assert core.list_namespaced_config_map(SPACE).items == []
