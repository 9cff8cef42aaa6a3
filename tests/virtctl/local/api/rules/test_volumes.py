"""Rules of volumes."""

import pytest

from tests.fakes.rules import fields, gates, said, spec, with_devices
from virtctl.local.api.rules import volumes


def causes(*items, gate="HostDisk"):
    return said(volumes.volume_causes(spec(volumes=[*items]), "spec", gates(gate)))


def volume(**source):
    return {"name": "a", **source}


@pytest.mark.parametrize(
    "item",
    [
        volume(containerDisk={"image": "tiny"}),
        volume(cloudInitNoCloud={"userData": "x" * 2048, "networkDataBase64": "eA=="}),
        volume(cloudInitConfigDrive={"secretRef": {"name": "s"}}),
        volume(hostDisk={"path": "/d", "type": "DiskOrCreate", "capacity": "1Gi"}),
        volume(secret={"secretName": "s"}),
        volume(emptyDisk={"capacity": "1Gi"}),
    ],
)
def test_good_volumes(item):
    assert causes(item) == []


@pytest.mark.parametrize(
    ("item", "field", "message"),
    [
        (volume(), "spec.volumes[0]", "exactly one source type"),
        (volume(emptyDisk={}, memoryDump={}), "spec.volumes[0]", "exactly one source type"),
        (volume(cloudInitNoCloud={}), "spec.volumes[0].cloudInitNoCloud", "at least one"),
        (
            volume(cloudInitNoCloud={"userData": "a", "userDataBase64": "YQ=="}),
            "spec.volumes[0].cloudInitNoCloud",
            "only one userdatasource",
        ),
        (
            volume(cloudInitNoCloud={"networkData": "a", "networkDataSecretRef": {"name": "s"}}),
            "spec.volumes[0].cloudInitNoCloud",
            "only one networkdata",
        ),
        (
            volume(cloudInitNoCloud={"userDataBase64": "!"}),
            "spec.volumes[0].cloudInitNoCloud.userDataBase64",
            "not a valid base64 value",
        ),
        (
            volume(cloudInitNoCloud={"userData": "x" * 2049}),
            "spec.volumes[0].cloudInitNoCloud",
            "userdata exceeds 2048 byte limit",
        ),
        (volume(hostDisk={"type": "Disk"}), "spec.volumes[0].hostDisk.path", "is required"),
        (volume(hostDisk={"path": "/d", "type": "x"}), "spec.volumes[0].hostDisk.type", "'x'"),
        (
            volume(hostDisk={"path": "/d", "type": "Disk", "capacity": "1Gi"}),
            "spec.volumes[0].hostDisk.capacity",
            "DiskOrCreate",
        ),
        (volume(secret={}), "spec.volumes[0].secret.secretName", "required field"),
        (volume(downwardMetrics={}), "spec.volumes[0]", "DownwardMetrics"),
    ],
)
def test_bad_volumes(item, field, message):
    ((where, text),) = causes(item)
    assert where == field
    assert message in text


def test_names_are_unique():
    item = volume(emptyDisk={})
    assert causes(item, item)[0][0] == "spec.volumes[1].name"


def test_host_disks_need_a_gate():
    assert causes(volume(hostDisk={"path": "/d", "type": "Disk"}), gate="x")


@pytest.mark.parametrize("source", ["serviceAccount", "memoryDump"])
def test_one_of_a_kind(source):
    parts = {"serviceAccountName": "s", "claimName": "c"}
    found = causes({"name": "a", source: parts}, {"name": "b", source: parts})
    assert found[0][0] == "spec.volumes"


@pytest.mark.parametrize(
    ("path", "good"),
    [("", True), ("/disk/a.img", True), ("/", False), ("disk", False), ("/a/../b", False)],
)
def test_paths_in_images(path, good):
    document = spec(volumes=[volume(containerDisk={"image": "t", "path": path})])
    assert bool(list(volumes.image_path_causes(document, "spec"))) is not good


def test_container_paths_are_for_filesystems():
    path = volume(containerPath={"path": "/x"})
    shared = with_devices(filesystems=[{"name": "a", "virtiofs": {}}], volumes=[path])
    assert not list(volumes.container_path_causes(shared, "spec"))
    shown = with_devices(disks=[{"name": "a"}], volumes=[path])
    assert fields(volumes.container_path_causes(shown, "spec")) == ["spec.domain.volumes[0]"] * 2


def test_secrets_without_a_name_are_no_data():
    nameless = volume(cloudInitNoCloud={"secretRef": {}, "networkDataSecretRef": {"name": ""}})
    ((field, message),) = said(volumes.volume_causes(spec(volumes=[nameless]), "spec", gates()))
    assert field == "spec.volumes[0].cloudInitNoCloud"
    assert "must have at least one userdatasource" in message


def test_service_accounts():
    account = volume(serviceAccount={"serviceAccountName": "x"})
    for name, count in (("x", 0), ("y", 1), ("Not_ok", 2), ("", 0)):
        document = spec(volumes=[account], serviceAccountName=name)
        assert len(list(volumes.service_account_causes(document, "spec"))) == count
