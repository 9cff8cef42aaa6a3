"""What decoding and encoding in Go does."""

from virtctl.local.api.defaults.roundtrip import canonical, is_filled
from virtctl.local.api.shapes import shape_of
from virtctl.models.domain import Domain
from virtctl.models.instance import VirtualMachineInstance
from virtctl.models.volumes import Volume


def test_quantities_become_canonical():
    document = {"devices": {}, "memory": {"guest": 67108864}, "resources": {"limits": {"cpu": 0.5}}}
    assert canonical(shape_of(Domain), document) == {
        "devices": {},
        "memory": {"guest": "67108864"},
        "resources": {"limits": {"cpu": "500m"}},
    }


def test_unreadable_quantities_are_left():
    document = {"devices": {}, "memory": {"guest": "much"}}
    assert canonical(shape_of(Domain), document) == document


def test_required_scalars_become_zero_values():
    found = canonical(shape_of(Volume), {"name": "v", "containerDisk": {}})
    assert found == {"name": "v", "containerDisk": {"image": ""}}


def test_only_scalars_are_filled():
    shape = shape_of(Domain)
    assert not is_filled(shape.fields["devices"])
    assert is_filled(shape_of(Volume).fields["name"])


def test_what_is_off_is_not_there_and_sizes_always_are():
    document = {
        "spec": {
            "domain": {
                "features": {"kvm": {"hidden": False}},
                "devices": {
                    "disks": [
                        {"name": "a", "disk": {"readonly": False}},
                        {"name": "b", "cdrom": {"readonly": False}},
                    ]
                },
            },
            "volumes": [{"name": "c", "hostDisk": {"path": "/p", "type": "Disk"}}],
        }
    }
    spec = canonical(shape_of(VirtualMachineInstance), document)["spec"]
    assert spec["domain"]["features"] == {"kvm": {}, "acpi": {}}
    first, second = spec["domain"]["devices"]["disks"]
    assert first["disk"] == {}
    assert second["cdrom"] == {"readonly": False}
    assert spec["volumes"][0]["hostDisk"]["capacity"] == "0"


def test_what_is_empty_is_left_out_unless_it_is_a_pointer():
    document = {
        "spec": {
            "domain": {
                "devices": {"disks": [], "inputs": [{"name": "", "type": ""}]},
                "cpu": {"cores": 0, "model": ""},
                "resources": {"requests": {}},
                "ioThreadsPolicy": "",
                "chassis": {},
            },
            "evictionStrategy": "",
            "hostname": "",
            "terminationGracePeriodSeconds": 0,
            "nodeSelector": {},
        }
    }
    assert canonical(shape_of(VirtualMachineInstance), document)["spec"] == {
        "domain": {
            "devices": {"inputs": [{"name": "", "type": ""}]},
            "cpu": {},
            "resources": {},
            "ioThreadsPolicy": "",
            "chassis": {},
        },
        "evictionStrategy": "",
        "terminationGracePeriodSeconds": 0,
    }
