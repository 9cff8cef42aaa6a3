import pytest

from virtctl.errors import BadRequest, Invalid
from virtctl.local.runtime.copies import copy_of, data_volumes, patched, select, set_addresses

MACHINE = {
    "metadata": {
        "name": "vm1",
        "uid": "u",
        "labels": {"app": "x"},
        "annotations": {
            "note": "1",
            "kubevirt.io/latest-observed-api-version": "v1",
            "kubectl.kubernetes.io/last-applied-configuration": "{}",
        },
    },
    "spec": {
        "template": {
            "spec": {
                "domain": {
                    "devices": {"interfaces": [{"name": "default", "macAddress": "02::1"}]},
                    "firmware": {"uuid": "u", "serial": "s", "bootloader": {}},
                },
                "volumes": [
                    {"name": "a", "dataVolume": {"name": "d"}},
                    {"name": "b", "containerDisk": {"image": "i"}},
                    {"name": "c", "persistentVolumeClaim": {"claimName": "p"}},
                ],
            }
        }
    },
}


def domain(machine):
    return machine["spec"]["template"]["spec"]["domain"]


def test_a_copy_has_no_identity_of_its_original():
    made = copy_of(MACHINE, "vm2", "n")
    assert made["metadata"] == {
        "name": "vm2",
        "namespace": "n",
        "labels": {"app": "x"},
        "annotations": {"note": "1"},
    }
    assert domain(made)["devices"]["interfaces"] == [{"name": "default"}]
    assert domain(made)["firmware"] == {"bootloader": {}}
    assert domain(MACHINE)["firmware"]["uuid"] == "u"


def test_volumes_with_data_are_those_on_claims():
    assert data_volumes(MACHINE) == ["a", "c"]


def test_addresses_can_be_given():
    made = copy_of(MACHINE, "vm2", "n")
    set_addresses(made, {"default": "02::2", "other": "02::3"})
    assert domain(made)["devices"]["interfaces"][0]["macAddress"] == "02::2"


def test_patches_are_texts():
    replace = '{"op": "replace", "path": "/metadata/name", "value": "x"}'
    assert patched(copy_of(MACHINE, "vm2", "n"), [replace])["metadata"]["name"] == "x"
    assert patched(copy_of(MACHINE, "vm2", "n"), [f"[{replace}]"])["metadata"]["name"] == "x"
    for wrong in (1, "nonsense", "[1]"):
        with pytest.raises(BadRequest):
            patched({}, [wrong])
    with pytest.raises(Invalid):
        patched({}, [replace])


@pytest.mark.parametrize(
    ("filters", "wanted"),
    [
        ({}, {"a/x": "1", "a/y": "2", "b": "3"}),
        ({"f": ["*"]}, {"a/x": "1", "a/y": "2", "b": "3"}),
        ({"f": ["a/*"]}, {"a/x": "1", "a/y": "2"}),
        ({"f": ["/"]}, {"a/x": "1", "a/y": "2"}),
        ({"f": ["^b$"]}, {"b": "3"}),
        ({"f": ["*", "!a/x"]}, {"a/y": "2", "b": "3"}),
        ({"f": ["a/*", "!.*/y"]}, {"a/x": "1"}),
        ({"f": ["*", "!*/y", "!("]}, {"a/x": "1", "a/y": "2", "b": "3"}),
        ({"f": ["!a/x"]}, {}),
        ({"f": []}, {}),
    ],
)
def test_filters(filters, wanted):
    document = {"metadata": {"labels": {"a/x": "1", "a/y": "2", "b": "3"}}}
    select(document, "labels", filters, "f")
    assert document["metadata"]["labels"] == wanted
