"""Volumes that come to running instances by their machine's template."""

from virtctl.local.controllers.machine import volumeupdates

ROOT = {"name": "root", "containerDisk": {"image": "tiny"}}
DISK = {"name": "root", "disk": {"bus": "virtio"}}
DRIVE = {"name": "cd", "cdrom": {"bus": "sata"}}


def late(name, claim):
    return {"name": name, "persistentVolumeClaim": {"claimName": claim, "hotpluggable": True}}


def spec(volumes, disks):
    return {"volumes": volumes, "domain": {"devices": {"disks": disks}}}


def wanted(template, running, entries=()):
    vmi = {"spec": running, "status": {"volumeStatus": list(entries)}}
    return volumeupdates.volumes(template, vmi)


def test_a_disk_comes_and_goes():
    more = {"name": "data", "disk": {"bus": "scsi"}}
    few, many = spec([ROOT], [DISK]), spec([ROOT, late("data", "c")], [DISK, more])
    both = {"volumes": many["volumes"], "disks": [DISK, more]}
    assert wanted(many, few) == both
    assert wanted(many, many) == both
    assert wanted(few, many) == {"volumes": [ROOT], "disks": [DISK]}
    still = [{"name": "data", "hotplugVolume": {}}]
    assert wanted(many, few, still) == {"volumes": [ROOT], "disks": [DISK]}


def test_a_volume_that_is_not_hotpluggable_waits_for_a_restart():
    plain = {"name": "data", "persistentVolumeClaim": {"claimName": "c"}}
    running = spec([ROOT], [DISK])
    template = spec([ROOT, plain], [DISK, {"name": "data", "disk": {}}])
    assert wanted(template, running) == {"volumes": [ROOT], "disks": [DISK]}
    assert volumeupdates.fixed(template) == template


def test_a_drive_stays_when_its_medium_changes():
    old, new = spec([ROOT, late("cd", "a")], [DISK, DRIVE]), late("cd", "b")
    template = spec([ROOT, new], [DISK, DRIVE])
    ejected = wanted(template, old, [{"name": "cd", "hotplugVolume": {}}])
    assert ejected == {"volumes": [ROOT], "disks": [DISK, DRIVE]}
    assert wanted(template, spec([ROOT], [DISK, DRIVE])) == {
        "volumes": [ROOT, new],
        "disks": [DISK, DRIVE],
    }
    assert volumeupdates.fixed(template) == volumeupdates.fixed(old)
