import pytest

from virtctl.local.runtime import podmanifest
from virtctl.local.runtime.autolimits import AutoLimits
from virtctl.local.runtime.podmanifest import PodSettings, build_pod


def vmi(name="vm1", **spec):
    return {
        "metadata": {
            "name": name,
            "namespace": "default",
            "uid": "0f1e",
            "labels": {"app": "a"},
            "annotations": {
                "note": "kept",
                "kubectl.kubernetes.io/last-applied-configuration": "not",
                "kubevirt.io/latest-observed-api-version": "v1",
            },
        },
        "spec": {"domain": {"memory": {"guest": "1Gi"}}, **spec},
    }


def test_the_name_is_the_same_for_the_same_instance_and_fits():
    assert podmanifest.pod_name(vmi()) == podmanifest.pod_name(vmi())
    assert podmanifest.pod_name(vmi()).startswith("virt-launcher-vm1-")
    assert len(podmanifest.pod_name(vmi("x" * 63))) <= 63


def test_labels_and_annotations():
    made = build_pod(vmi("Vm.One"), PodSettings())["metadata"]
    assert made["labels"]["kubevirt.io/created-by"] == "0f1e"
    assert made["labels"]["app"] == "a"
    assert made["labels"]["vm.kubevirt.io/name"] == "vm-one"
    assert made["annotations"]["note"] == "kept"
    assert "kubevirt.io/latest-observed-api-version" not in made["annotations"]
    assert not any("last-applied" in key for key in made["annotations"])


def test_long_names_make_short_label_values():
    name = "a" * 70
    assert podmanifest.label_value("short") == "short"
    assert len(podmanifest.label_value(name)) == 63
    assert podmanifest.label_value(name) != podmanifest.label_value(name + "b")


def test_a_claim_is_mounted_and_files_are_named():
    volumes = [
        {"name": "data", "persistentVolumeClaim": {"claimName": "c"}},
        {"name": "conf", "configMap": {"name": "m"}},
        {"name": "dv", "dataVolume": {"name": "d"}},
    ]
    spec = build_pod(vmi(volumes=volumes), PodSettings())["spec"]
    named = {one["name"]: one for one in spec["volumes"]}
    assert named["data"]["persistentVolumeClaim"] == {"claimName": "c"}
    assert named["dv"]["persistentVolumeClaim"] == {"claimName": "d"}
    assert named["conf"]["configMap"] == {"name": "m"}
    mounts = {one["name"] for one in spec["containers"][0]["volumeMounts"]}
    assert {"data", "dv"} <= mounts
    assert "volumeDevices" not in spec["containers"][0]


def test_a_claim_in_block_mode_is_a_device():
    volumes = [
        {"name": "data", "persistentVolumeClaim": {"claimName": "c"}},
        {"name": "raw", "dataVolume": {"name": "r"}},
        {"name": "later", "persistentVolumeClaim": {"claimName": "r", "hotpluggable": True}},
    ]
    settings = PodSettings(block_claims=frozenset({"r"}))
    compute = build_pod(vmi(volumes=volumes), settings)["spec"]["containers"][0]
    assert compute["volumeDevices"] == [{"name": "raw", "devicePath": "/dev/raw"}]
    mounts = {one["name"] for one in compute["volumeMounts"]}
    assert "data" in mounts
    assert not {"raw", "later"} & mounts


def test_images_are_listed_once():
    volumes = [
        {"name": "a", "containerDisk": {"image": "tiny"}},
        {"name": "b", "containerDisk": {"image": "tiny"}},
    ]
    pod = build_pod(vmi(volumes=volumes), PodSettings())
    assert podmanifest.images(pod) == ["tiny"]
    assert podmanifest.container_names(pod) == [
        "compute", "volumea", "volumeb", "guest-console-log", "volumea-init", "volumeb-init",
    ]  # fmt: skip


def test_without_serial_console_nothing_tails_it():
    domain = {"memory": {"guest": "1Gi"}, "devices": {"autoattachSerialConsole": False}}
    pod = build_pod(vmi(domain=domain), PodSettings())
    assert "guest-console-log" not in podmanifest.container_names(pod)


@pytest.mark.parametrize(
    ("emulation", "devices"), [(True, {"tun"}), (False, {"kvm", "tun", "vhost-net"})]
)
def test_devices_follow_the_accelerator(emulation, devices):
    pod = build_pod(vmi(), PodSettings(use_emulation=emulation))
    limits = pod["spec"]["containers"][0]["resources"]["limits"]
    assert {key.partition("/")[2] for key in limits} == devices


def test_memory_is_the_guests_and_the_overhead():
    made = build_pod(vmi(), PodSettings())["spec"]["containers"][0]["resources"]["requests"]
    assert made["memory"] == "1314Mi"
    assert made["cpu"] == "100m"


def test_a_machine_without_limits_gets_those_that_are_asked_for():
    asked = PodSettings(limits=AutoLimits(cpu=True, memory=1.5))
    made = build_pod(vmi(), asked)["spec"]["containers"][0]["resources"]["limits"]
    assert (made["cpu"], made["memory"]) == ("1", "1971Mi")
    own = {"limits": {"cpu": "3", "memory": "2Gi"}}
    given = vmi(domain={"memory": {"guest": "1Gi"}, "resources": own})
    kept = build_pod(given, asked)["spec"]["containers"][0]["resources"]["limits"]
    assert (kept["cpu"], kept["memory"]) == ("3", "2438Mi")


def test_the_cluster_names_a_runtime_class():
    settings = podmanifest.settings_of({"defaultRuntimeClass": "kata"})
    assert build_pod(vmi(), settings)["spec"]["runtimeClassName"] == "kata"
    assert "runtimeClassName" not in build_pod(vmi(), PodSettings())["spec"]


def test_the_grace_of_the_pod_is_longer_than_the_guests():
    pod = build_pod(vmi(terminationGracePeriodSeconds=5), PodSettings())
    assert pod["spec"]["terminationGracePeriodSeconds"] == 35
    assert "20" in pod["spec"]["containers"][0]["command"]


def test_host_names_are_one_label():
    assert podmanifest.hostname(vmi("a.b.c")) == "a"
    assert podmanifest.hostname(vmi(hostname="mine")) == "mine"


def test_the_pod_runs_as_the_account_of_the_volume():
    volume = {"name": "sa", "serviceAccount": {"serviceAccountName": "robot"}}
    spec = build_pod(vmi(volumes=[volume]), PodSettings())["spec"]
    assert (spec["serviceAccountName"], spec["automountServiceAccountToken"]) == ("robot", True)
    plain = build_pod(vmi(), PodSettings())["spec"]
    assert "serviceAccountName" not in plain
    assert plain["automountServiceAccountToken"] is False
