import pytest

from virtctl.errors import InvalidField
from virtctl.local.node import podfiles

POD = {
    "metadata": {
        "name": "virt-launcher-vm1-abcde",
        "namespace": "default",
        "uid": "p",
        "labels": {"kubevirt.io": "virt-launcher", "app": "a"},
        "annotations": {"kubevirt.io/domain": "vm1", "nets": '[{"name": "blue"}]\n'},
    },
    "spec": {
        "containers": [
            {
                "name": "compute",
                "resources": {
                    "requests": {"cpu": "1500m", "memory": "1Gi"},
                    "limits": {"memory": "2Gi"},
                },
            },
            {"name": "volumeroot", "resources": {"limits": {"cpu": "10m"}}},
        ]
    },
}
NODE = {"status": {"allocatable": {"cpu": "4", "memory": "8Gi", "hugepages-2Mi": "4Mi"}}}


def downward(*fields):
    volume = {"name": "d", "downwardAPI": {"fields": list(fields)}}
    return podfiles.downward_files(volume, POD, NODE)


def resource(name, **more):
    asked = {"resource": name, **more}
    return downward({"path": "f", "resourceFieldRef": asked})["f"].decode()


def test_fields_and_resources_are_files_side_by_side():
    found = downward(
        {"path": "label", "fieldRef": {"fieldPath": "metadata.labels['app']"}},
        {"path": "memory", "resourceFieldRef": {"resource": "requests.memory"}},
    )
    assert found == {"label": b"a", "memory": b"1073741824"}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("metadata.name", "virt-launcher-vm1-abcde"),
        ("metadata.namespace", "default"),
        ("metadata.uid", "p"),
        ("metadata.labels", 'app="a"\nkubevirt.io="virt-launcher"'),
        ("metadata.annotations", 'kubevirt.io/domain="vm1"\nnets="[{\\"name\\": \\"blue\\"}]\\n"'),
        ("metadata.annotations['nets']", '[{"name": "blue"}]\n'),
        ("metadata.labels['none']", ""),
    ],
)
def test_fields_are_those_of_the_pod(path, value):
    assert downward({"path": "f", "fieldRef": {"fieldPath": path}}) == {"f": value.encode()}


def test_other_fields_are_refused():
    with pytest.raises(InvalidField, match="unknown"):
        downward({"path": "f", "fieldRef": {"fieldPath": "spec.nodeName"}})


@pytest.mark.parametrize(
    ("name", "divisor", "value"),
    [
        ("requests.cpu", None, "2"),  # rounded up
        ("requests.cpu", "0", "2"),
        ("requests.cpu", "1m", "1500"),
        ("requests.memory", "1Mi", "1024"),
        ("requests.memory", "1M", "1074"),
        ("limits.memory", "", "2147483648"),
        ("limits.cpu", None, "4"),  # no limit: what the node has for pods
        ("limits.cpu", 1, "4"),
        ("limits.hugepages-2Mi", None, "0"),
        ("requests.ephemeral-storage", None, "0"),
    ],
)
def test_amounts_are_whole_numbers_of_divisors(name, divisor, value):
    assert resource(name, **({} if divisor is None else {"divisor": divisor})) == value


def test_another_container_may_be_meant():
    assert resource("limits.cpu", containerName="volumeroot", divisor="1m") == "10"


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        ({"resource": "limits.disk"}, "limits.disk"),
        ({"resource": "cpu"}, "resourceFieldRef.resource"),
        ({"resource": "limits.cpu", "containerName": "x"}, "but compute, volumeroot"),
        ({"resource": "limits.cpu", "divisor": "-1"}, "not negative"),
        ({"resource": "limits.cpu", "divisor": "some"}, "divisor"),
    ],
)
def test_what_there_is_not_is_refused(asked, problem):
    with pytest.raises(InvalidField, match=problem):
        downward({"path": "f", "resourceFieldRef": asked})


def test_an_account_has_the_files_of_a_pod():
    account = {"metadata": {"name": "robot", "namespace": "ns"}}
    credentials = podfiles.Credentials(
        issue=lambda one, pod: f"{one['metadata']['name']} in {pod['metadata']['uid']}",
        certificate="CA",
    )
    assert podfiles.account_files(credentials, account, POD) == {
        "ca.crt": b"CA",
        "namespace": b"ns",
        "token": b"robot in p",
    }
