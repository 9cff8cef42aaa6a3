"""Disks of a snapshot, on their way into new claims."""

from virtctl.local.runtime import restoring

CLAIM = {
    "metadata": {
        "name": "c",
        "labels": {"a": "b"},
        "annotations": {"note": "1", "cdi.kubevirt.io/storage.pod.phase": "Succeeded"},
    },
    "spec": {"accessModes": ["ReadWriteOnce"], "volumeName": "pv"},
}
CONTENT = {
    "spec": {
        "volumeBackups": [
            {"volumeName": "one", "volumeSnapshotName": "vs", "persistentVolumeClaim": CLAIM}
        ]
    }
}


def restore(**spec):
    target = {"target": {"name": "vm"}}
    return {"metadata": {"name": "r", "namespace": "n", "uid": "u"}, "spec": {**target, **spec}}


def test_names_of_claims():
    def named(**spec):
        return restoring.disks(restore(**spec), CONTENT)[0].claim

    assert named() == "restore-u-one"
    assert named(volumeRestorePolicy="PrefixTargetName") == "vm-one"
    assert named(volumeRestoreOverrides=[{"volumeName": "one", "restoreName": "x"}]) == "x"


def test_a_claim_is_like_the_one_that_was():
    over = [{"volumeName": "one", "labels": {"c": "d"}}]
    asked = restore(volumeRestoreOverrides=over)
    (disk,) = restoring.disks(asked, CONTENT)
    claim = restoring.build_claim(disk, asked)
    assert claim["metadata"]["labels"] == {"a": "b", "c": "d"}
    assert claim["metadata"]["annotations"]["note"] == "1"
    assert "cdi.kubevirt.io/storage.pod.phase" not in claim["metadata"]["annotations"]
    assert "volumeName" not in claim["spec"]
    assert claim["spec"]["dataSource"]["name"] == "vs"
    assert restoring.is_of(claim, asked)
    assert not restoring.is_of(CLAIM, asked)


def machine(*volumes, templates=()):
    spec = {"template": {"spec": {"volumes": list(volumes)}}}
    if templates:
        spec["dataVolumeTemplates"] = [{"metadata": {"name": name}} for name in templates]
    return {"spec": spec}


ROOT = {"name": "root", "containerDisk": {"image": "tiny"}}
LATE = {"name": "one", "dataVolume": {"name": "d", "hotpluggable": True}}


def disks_of(source):
    """The disks of a snapshot of ``source``."""
    spec = {**CONTENT["spec"], "source": {"virtualMachine": source}}
    return restoring.disks(restore(), {"spec": spec})


def test_a_machine_gets_the_new_claims():
    source = machine(ROOT, LATE)
    disks = disks_of(source)
    made = restoring.with_claims(source, disks)
    new = {"claimName": "restore-u-one", "hotpluggable": True}
    assert made == machine(ROOT, {"name": "one", "persistentVolumeClaim": new})
    assert "dataVolumeName" not in disks[0].told()


def test_a_data_volume_of_a_machine_stays_one_under_the_claims_name():
    source = machine(ROOT, LATE, templates=["other", "d"])
    disks = disks_of(source)
    made = restoring.with_claims(source, disks)
    new = {"name": "restore-u-one", "hotpluggable": True}
    wanted = machine(ROOT, {"name": "one", "dataVolume": new}, templates=["other", new["name"]])
    assert made == wanted
    assert disks[0].told()["dataVolumeName"] == "restore-u-one"
    assert restoring.left_behind(machine(LATE, templates=["d"]), source, disks) == ("d",)
    assert restoring.left_behind(source, source, ()) == ()
    assert restoring.left_behind(made, source, disks) == ("other",)


def test_a_data_volume_that_has_a_filled_claim_is_not_filled_again():
    source = machine(LATE, templates=["d"])
    template = source["spec"]["dataVolumeTemplates"][0]
    template["metadata"] |= {"labels": {"a": "b"}, "annotations": {"note": "1"}}
    template["spec"] = {"source": {"http": {"url": "http://x"}}}
    (disk,) = disks_of(source)
    claim = restoring.build_claim(disk, restore())
    volume = restoring.build_volume(disk, source, restore())
    assert volume["metadata"]["name"] == claim["metadata"]["name"]
    populated = claim["metadata"]["annotations"]["cdi.kubevirt.io/storage.populatedFor"]
    assert populated == volume["metadata"]["name"]
    assert volume["metadata"]["labels"] == {"a": "b"}
    assert volume["metadata"]["annotations"] == {
        "note": "1",
        "restore.kubevirt.io/name": "r",
        "cdi.kubevirt.io/storage.prePopulated": "true",
    }
    assert volume["spec"] == template["spec"]
