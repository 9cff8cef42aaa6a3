"""Directories that the guest mounts."""

import pytest

from launcher.spec import SharedDirectory
from virtctl.errors import InvalidField
from virtctl.local.node.materials import ClaimPlace, TranslateFacts
from virtctl.local.node.translate_sharing import shared_directories

FACTS = TranslateFacts(
    claims={"c": ClaimPlace(path="/v/c/disk.img"), "raw": ClaimPlace(path="/dev/x", block=True)},
    config_maps={"m": {"a": b"x"}},
)


def shared(volume, name="d"):
    filesystems = [{"name": name, "virtiofs": {}}, {"name": "other"}]
    spec = {
        "domain": {"devices": {"filesystems": filesystems}},
        "volumes": [{"name": "d", **volume}],
    }
    (found,) = shared_directories({"spec": spec}, FACTS)
    return found


def test_what_is_behind_it():
    claim = {"persistentVolumeClaim": {"claimName": "c"}}
    assert shared(claim) == SharedDirectory(name="d", path="/v/c")
    config = {"configMap": {"name": "m"}}
    assert shared(config) == SharedDirectory(name="d", files={"a": b"x"}, read_only=True)
    own = {"containerPath": {"path": "/p", "readOnly": True}}
    assert shared(own) == SharedDirectory(name="d", path="/p", of_pod=True, read_only=True)


@pytest.mark.parametrize(
    ("volume", "name"),
    [
        ({"emptyDisk": {"capacity": "1Gi"}}, "d"),
        ({"persistentVolumeClaim": {"claimName": "raw"}}, "d"),
        ({"configMap": {"name": "m"}}, "e"),
    ],
)
def test_what_is_no_directory_is_left_to_the_launcher_to_refuse(volume, name):
    assert shared(volume, name) == SharedDirectory(name=name)


def test_a_claim_that_is_not_bound():
    with pytest.raises(InvalidField, match="not bound"):
        shared({"persistentVolumeClaim": {"claimName": "absent"}})
