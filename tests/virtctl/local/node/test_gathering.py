import base64

import pytest

from launcher.cloudinit.seeds import seed_plan
from launcher.ops.images import MakeIso
from launcher.spec import Accelerator
from launcher.storage import iso9660
from virtctl.errors import BadRequest, InvalidField
from virtctl.local.api.service import ApiService
from virtctl.local.node import gathering
from virtctl.local.node.gathering import Missing, Surroundings
from virtctl.local.node.materials import BootImage, DiskImage, ImageWish
from virtctl.local.node.podfiles import Credentials
from virtctl.local.node.translate import translate
from virtctl.local.runtime.podmanifest import pod_name
from virtctl.local.store.memory import MemoryLog
from virtctl.local.store.revisions import Store
from virtctl.manifests.guestfs import Wish, build
from virtctl.models import kinds
from virtctl.models.kinds import CONFIG_MAP, KUBEVIRT, POD, PV, PVC, SECRET, SERVICE_ACCOUNT
from virtctl.wire.patches import merge_patch

NODE = Surroundings(
    accelerator=Accelerator.TCG,
    nameservers=("10.244.1.1",),
    cluster_domain="cluster.local",
    credentials=Credentials(issue=lambda account, pod: "t", certificate="CA"),
)


@pytest.fixture
def service():
    made = ApiService(Store(MemoryLog()))
    made.ensure_namespace("default")
    return made


def vmi(*volumes, **spec):
    metadata = {"name": "vm1", "namespace": "default", "uid": "u", "labels": {"a": "b"}}
    return {"metadata": metadata, "spec": {"volumes": list(volumes), **spec}}


def gathered(service, document):
    return gathering.gather(service, document, {}, NODE)


def test_nothing_named_needs_nothing(service):
    facts = gathered(service, vmi())
    assert facts.accelerator is Accelerator.TCG
    assert facts.config == {}
    assert facts.resolver.search == (
        "default.svc.cluster.local",
        "svc.cluster.local",
        "cluster.local",
    )


def test_secrets_and_config_maps_are_read(service):
    data = {"userdata": base64.b64encode(b"#cloud-config").decode()}
    service.create(SECRET, "default", {"metadata": {"name": "s"}, "data": data})
    service.create(CONFIG_MAP, "default", {"metadata": {"name": "c"}, "data": {"k": "v"}})
    volumes = (
        {"name": "seed", "cloudInitNoCloud": {"secretRef": {"name": "s"}}},
        {"name": "conf", "configMap": {"name": "c"}},
        {"name": "maybe", "secret": {"secretName": "absent", "optional": True}},
    )
    facts = gathered(service, vmi(*volumes))
    assert facts.secrets == {"s": {"userdata": b"#cloud-config"}, "absent": {}}
    assert facts.config_maps == {"c": {"k": b"v"}}


def test_a_seed_of_any_length_comes_from_a_secret(service):
    text = "#cloud-config\n" + "".join(f"# line {number}\n" for number in range(5000))
    service.create(SECRET, "default", {"metadata": {"name": "s"}, "stringData": {"userdata": text}})
    machine = vmi({"name": "seed", "cloudInitNoCloud": {"secretRef": {"name": "s"}}})
    machine["spec"]["domain"] = {
        "memory": {"guest": "64Mi"},
        "firmware": {"uuid": "u"},
        "devices": {"disks": [{"name": "seed", "disk": {"bus": "virtio"}}]},
    }
    ops = seed_plan(translate(machine, gathered(service, machine)))
    (iso,) = (op for op in ops if isinstance(op, MakeIso))
    assert iso.files["user-data"] == text.encode()
    assert text.encode() in iso9660.build(iso.label, iso.files)


def test_keys_for_ssh_are_secrets_too(service):
    credential = {"sshPublicKey": {"source": {"secret": {"secretName": "keys"}}}}
    with pytest.raises(Missing, match='secret "keys" not found'):
        gathered(service, vmi(accessCredentials=[credential]))


def test_a_bound_claim_is_a_disk_in_a_directory(service):
    volume = {"name": "d", "persistentVolumeClaim": {"claimName": "c", "readOnly": True}}
    with pytest.raises(Missing, match='"c" is not bound'):
        gathered(service, vmi(volume))
    claim = {"metadata": {"name": "c"}, "spec": {"volumeName": "pv1"}}
    service.create(PVC, "default", claim)
    spec = {"hostPath": {"path": "/volumes/default/c"}, "capacity": {"storage": "1Gi"}}
    service.create(PV, None, {"metadata": {"name": "pv1"}, "spec": spec})
    place = gathered(service, vmi(volume)).claims["c"]
    assert place.path == "/volumes/default/c/disk.img"
    assert (place.capacity, place.read_only, place.block) == (1024**3, True, False)


def test_a_claim_in_block_mode_is_a_file_made_a_device(service):
    service.create(PVC, "default", {"metadata": {"name": "c"}, "spec": {"volumeName": "pv1"}})
    spec = {"hostPath": {"path": "/v/c"}, "capacity": {"storage": "1Gi"}, "volumeMode": "Block"}
    service.create(PV, None, {"metadata": {"name": "pv1"}, "spec": spec})
    place = gathering.claim_place(service, "default", "c")
    assert (place.path, place.block, place.loop) == ("/v/c/disk.img", True, True)


def make_pod(service, machine):
    resources = {"requests": {"cpu": "100m"}}
    spec = {
        "nodeName": "node1",
        "containers": [{"name": "compute", "image": "i", "resources": resources}],
    }
    metadata = {"name": pod_name(machine), "labels": {"app": "a"}}
    service.create(POD, "default", {"metadata": metadata, "spec": spec})


def test_a_claim_that_somebody_looks_into_is_waited_for(service):
    service.create(PVC, "default", {"metadata": {"name": "c"}, "spec": {"volumeName": "pv1"}})
    with pytest.raises(BadRequest, match='"c" is not bound'):
        gathering.claim_disk(service, "default", "c")
    spec = {"hostPath": {"path": "/v/c.0f1e"}, "capacity": {"storage": "1Gi"}}
    service.create(PV, None, {"metadata": {"name": "pv1"}, "spec": spec})
    assert str(gathering.claim_disk(service, "default", "c")) == "/v/c.0f1e/disk.img"
    tools = build({"metadata": {"name": "c"}, "spec": {}}, Wish("image"))
    service.create(POD, "default", tools)
    runs = merge_patch({"status": {"phase": "Running"}})
    service.patch(POD, "default", "libguestfs-tools-c", runs, subresource="status")
    volume = {"name": "d", "persistentVolumeClaim": {"claimName": "c"}}
    with pytest.raises(Missing, match="open in pod libguestfs-tools-c"):
        gathered(service, vmi(volume))


def test_a_claim_of_one_pod_is_the_first_ones(service):
    spec = {"volumeName": "pv1", "accessModes": ["ReadWriteOncePod"]}
    service.create(PVC, "default", {"metadata": {"name": "c"}, "spec": spec})
    place = {"hostPath": {"path": "/v/c"}, "capacity": {"storage": "1Gi"}}
    service.create(PV, None, {"metadata": {"name": "pv1"}, "spec": place})
    volume = {"name": "d", "persistentVolumeClaim": {"claimName": "c"}}
    held = {"volumes": [volume]}
    mine = {"name": "p1", "annotations": {"kubevirt.io/domain": "vm1"}}
    service.create(POD, "default", {"metadata": mine, "spec": held})
    assert "c" in gathered(service, vmi(volume)).claims
    service.create(POD, "default", {"metadata": {"name": "other"}, "spec": held})
    with pytest.raises(Missing, match="pod other has it already"):
        gathered(service, vmi(volume))


def test_the_downward_api_names_fields_of_the_pod(service):
    fields = [
        {"path": "name", "fieldRef": {"fieldPath": "metadata.name"}},
        {"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}},
    ]
    machine = vmi({"name": "d", "downwardAPI": {"fields": fields}})
    make_pod(service, machine)
    found = gathered(service, machine).files["d"]
    assert found == {"name": pod_name(machine).encode(), "labels": b'app="a"'}
    fields[0]["fieldRef"]["fieldPath"] = "spec.x"
    with pytest.raises(InvalidField):
        gathered(service, machine)


def test_resources_are_those_of_the_pod_and_its_node(service):
    fields = [
        {"path": "asked", "resourceFieldRef": {"resource": "requests.cpu", "divisor": "1m"}},
        {"path": "most", "resourceFieldRef": {"resource": "limits.cpu"}},
    ]
    machine = vmi({"name": "d", "downwardAPI": {"fields": fields}})
    with pytest.raises(Missing, match="pod"):
        gathered(service, machine)
    make_pod(service, machine)
    status = {"allocatable": {"cpu": "4"}}
    service.create(kinds.NODE, None, {"metadata": {"name": "node1"}, "status": status})
    assert gathered(service, machine).files["d"] == {"asked": b"100", "most": b"4"}


def test_an_account_is_waited_for(service):
    machine = vmi({"name": "sa", "serviceAccount": {"serviceAccountName": "robot"}})
    make_pod(service, machine)
    with pytest.raises(Missing, match='serviceaccount "robot" not found'):
        gathered(service, machine)
    service.create(SERVICE_ACCOUNT, "default", {"metadata": {"name": "robot"}})
    files = gathered(service, machine).files["sa"]
    assert files == {"ca.crt": b"CA", "namespace": b"default", "token": b"t"}


@pytest.mark.parametrize(
    ("spec", "servers", "search"),
    [
        ({"dnsPolicy": "None", "dnsConfig": {"nameservers": ["9.9.9.9"]}}, ("9.9.9.9",), ()),
        ({"dnsPolicy": "Default"}, ("10.244.1.1",), ()),
        (
            {"dnsConfig": {"searches": ["example.com"]}},
            ("10.244.1.1",),
            ("default.svc.cluster.local", "svc.cluster.local", "cluster.local", "example.com"),
        ),
    ],
)
def test_dns_follows_policy_and_configuration(spec, servers, search):
    found = gathering.resolver(vmi(**spec), NODE)
    assert (found.nameservers, found.search) == (servers, search)


def test_the_configuration_is_the_clusters(service):
    spec = {"configuration": {"smbios": {"family": "f"}}}
    service.create(KUBEVIRT, "default", {"metadata": {"name": "kv"}, "spec": spec})
    assert gathering.configuration(service) == {"smbios": {"family": "f"}}


def test_container_disks_are_listed_by_volume(service):
    secret = {"metadata": {"name": "s"}, "data": {".dockerconfigjson": "e30="}}
    service.create(SECRET, "default", secret)
    all_of_it = {"image": "x", "imagePullPolicy": "Never", "path": "/a", "imagePullSecret": "s"}
    disks = (
        {"name": "a", "containerDisk": {"image": "tiny", "imagePullSecret": "absent"}},
        {"name": "b", "emptyDisk": {}},
        {"name": "c", "containerDisk": all_of_it},
    )
    assert gathering.container_disks(service, vmi(*disks)) == {
        "a": ImageWish(reference="tiny"),
        "c": ImageWish(reference="x", policy="Never", path="/a", auths="{}"),
    }


def test_kernel_boot_comes_from_its_image(service):
    machine = vmi()
    boot = {"image": "boot", "kernelPath": "/boot/vmlinuz", "initrdPath": "/boot/initrd"}
    machine["spec"].setdefault("domain", {})["firmware"] = {"kernelBoot": {"container": boot}}
    kernel, initrd = gathering.BOOT_FILES
    assert gathering.container_disks(service, machine) == {
        kernel: ImageWish(reference="boot", path="/boot/vmlinuz"),
        initrd: ImageWish(reference="boot", path="/boot/initrd"),
    }
    images = {
        kernel: DiskImage(path="/s/a", format="raw"),
        initrd: DiskImage(path="/s/b", format="raw"),
    }
    found = gathering.gather(service, machine, images, NODE).boot_image
    assert found == BootImage(kernel="/s/a", initrd="/s/b")
    assert gathering.gather(service, vmi(), {}, NODE).boot_image is None


def test_what_a_machine_remembers_is_in_its_claim(service):
    machine = vmi()
    machine["spec"]["domain"] = {"devices": {"tpm": {"persistent": True}}}
    with pytest.raises(Missing, match="state of"):
        gathering.gather(service, machine, {}, NODE)
    name = machine["metadata"]["name"]
    claim = {
        "metadata": {"name": "s", "labels": {"persistent-state-for": name}},
        "spec": {"volumeName": "v"},
    }
    service.create(PVC, "default", claim)
    service.create(PV, None, {"metadata": {"name": "v"}, "spec": {"hostPath": {"path": "/v/s"}}})
    assert gathering.gather(service, machine, {}, NODE).state_directory == "/v/s"
