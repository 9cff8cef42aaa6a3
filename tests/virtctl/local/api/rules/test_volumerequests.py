"""Rules of requests for volumes in a machine's status."""

import pytest

from tests.fakes.lookups import lookup, stored
from tests.fakes.rules import said, with_devices
from virtctl.local.api.context import AdmissionContext
from virtctl.local.api.rules.volumerequests import request_causes
from virtctl.models.kinds import VIRTUAL_MACHINE_INSTANCE

FIELD = "Status.volumeRequests"
CLAIM = {"persistentVolumeClaim": {"claimName": "c"}}
ROOT = {"name": "root", **CLAIM}


class Stored:
    """One instance."""

    def __init__(self, status):
        spec = with_devices(disks=[{"name": "root", "disk": {}}], volumes=[ROOT])
        instance = {**stored(VIRTUAL_MACHINE_INSTANCE, "vm1", spec), "status": status}
        self.get = lookup(instance)


def machine(*requests, ready=False):
    spec = with_devices(disks=[{"name": "root", "disk": {}}], volumes=[ROOT])
    return {
        "metadata": {"name": "vm1", "namespace": "ns"},
        "spec": {"template": {"spec": spec}},
        "status": {"ready": ready, "volumeRequests": [*requests]},
    }


def add(name="a", source=None, **disk):
    options = {"name": name, "volumeSource": source or CLAIM}
    return {"addVolumeOptions": {**options, "disk": disk or {"disk": {"bus": "scsi"}}}}


def remove(name):
    return {"removeVolumeOptions": {"name": name}}


def causes(*requests, context=None, ready=False):
    return said(request_causes(machine(*requests, ready=ready), context or AdmissionContext()))


@pytest.mark.parametrize("requests", [(), (add(),), (add(), remove("a")), (add("root"),)])
def test_good_requests(requests):
    assert causes(*requests) == []


@pytest.mark.parametrize(
    ("requests", "message"),
    [
        (({},), "require one of either addVolumeOptions or removeVolumeOptions to be set"),
        (({**add(), **remove("a")},), "to be set, not both"),
        ((add(), add()), "AddVolume request for [a] already exists"),
        ((remove("root"), remove("root")), "RemoveVolume request for [root] already exists"),
        ((add(cdrom={"bus": "scsi"}),), "requires diskDevice of type 'disk' or 'lun'"),
        ((add(disk={"bus": "sata"}),), "requires bus to be 'scsi' or 'virtio'. [sata]"),
        ((add(lun={"bus": "virtio"}),), "for LUN [a] requires bus to be 'scsi'. [virtio]"),
        ((add(disk={"bus": "scsi"}, dedicatedIOThread=True),), "virtio bus for IOThreads"),
        ((add("root", {"dataVolume": {"name": "d"}}),), "of the same name on the vmi template"),
    ],
)
def test_bad_requests_are_told_the_first_thing(requests, message):
    ((field, text),) = causes(*requests, {})
    assert field == FIELD
    assert message in text


def test_what_comes_of_them_is_sound():
    ((field, _),) = causes(add(disk={"bus": "scsi"}, serial="a b"))
    assert field == "spec.template.spec.domain.devices.disks[1].serial"


def test_nothing_is_plugged_during_a_migration():
    moving = AdmissionContext(stored=Stored({"migrationState": {"startTimestamp": "t"}}))
    assert causes(add(), context=moving) == []
    ((field, message),) = causes(add(), context=moving, ready=True)
    assert (field, "while VMI migration is in progress" in message) == ("spec", True)
    over = {"migrationState": {"startTimestamp": "t", "endTimestamp": "t"}}
    assert causes(add(), context=AdmissionContext(stored=Stored(over)), ready=True) == []
