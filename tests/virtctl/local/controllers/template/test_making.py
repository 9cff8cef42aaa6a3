from virtctl.local.controllers.template.making import build_template, disks_of
from virtctl.models.documents import Document
from virtctl.wire import templating

VM: Document = {
    "apiVersion": "kubevirt.io/v1",
    "kind": "VirtualMachine",
    "metadata": {
        "name": "db", "namespace": "lab", "uid": "u", "resourceVersion": "7",
        "labels": {"app": "db"},
        "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}", "why": "x",
                        "kubevirt.io/latest-observed-api-version": "v1"},
    },
    "spec": {
        "runStrategy": "Always",
        "instancetype": {"name": "u1.small", "revisionName": "db-u1"},
        "dataVolumeTemplates": [{"metadata": {"name": "root"}, "spec": {"source": {"blank": {}}}}],
        "template": {
            "spec": {
                "domain": {
                    "firmware": {"uuid": "1", "serial": "2", "bootloader": {"efi": {}}},
                    "devices": {"interfaces": [{"name": "default", "macAddress": "02:00"}]},
                },
                "volumes": [
                    {"name": "root", "dataVolume": {"name": "root"}},
                    {"name": "data", "persistentVolumeClaim": {"claimName": "old"}},
                    {"name": "seed", "cloudInitNoCloud": {"userData": "#"}},
                ],
            }
        },
    },
    "status": {"ready": True},
}  # fmt: skip
CLAIM: Document = {
    "spec": {
        "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "5Gi"}},
        "storageClassName": "local", "volumeMode": "Filesystem",
    },
}  # fmt: skip


def test_what_is_the_machines_own_goes() -> None:
    made = build_template(VM, "gold", {"tier": "a"}, {"root": CLAIM})
    assert made["metadata"]["labels"] == {"tier": "a"}
    assert templating.problem(made) == ""
    vm = templating.process(made, {"NAME": "web"}, bytes).vm
    assert vm["metadata"] == {
        "name": "web", "labels": {"app": "db"}, "annotations": {"why": "x"},
    }  # fmt: skip
    assert "status" not in vm
    assert vm["spec"]["instancetype"] == {"name": "u1.small"}
    domain = vm["spec"]["template"]["spec"]["domain"]
    assert domain["firmware"] == {"bootloader": {"efi": {}}}
    assert domain["devices"]["interfaces"] == [{"name": "default"}]


def test_disks_are_copied_and_the_machine_stays_as_it_is() -> None:
    before = repr(VM)
    made = build_template(VM, "gold", {}, {"root": CLAIM})
    assert repr(VM) == before
    vm = templating.process(made, {"NAME": "web"}, bytes).vm
    root, data = vm["spec"]["dataVolumeTemplates"]
    assert root["metadata"] == {"name": "web-root"}
    assert root["spec"]["source"] == {"pvc": {"namespace": "lab", "name": "root"}}
    assert root["spec"]["storage"] == CLAIM["spec"]
    assert data["spec"] == {"source": {"pvc": {"namespace": "lab", "name": "old"}}, "storage": {}}
    assert vm["spec"]["template"]["spec"]["volumes"] == [
        {"name": "root", "dataVolume": {"name": "web-root"}},
        {"name": "data", "dataVolume": {"name": "web-data"}},
        {"name": "seed", "cloudInitNoCloud": {"userData": "#"}},
    ]


def test_the_claims_of_a_machine() -> None:
    assert disks_of(VM) == ("root", "old")
    assert disks_of({}) == ()
