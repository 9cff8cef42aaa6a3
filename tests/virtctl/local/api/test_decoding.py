"""What KubeVirt's webhooks check and decode themselves."""

import pytest

from virtctl.errors import ApiError, Invalid
from virtctl.local.api import decoding
from virtctl.models.kinds import SNAPSHOT, VIRTUAL_MACHINE_INSTANCE

WEBHOOK = "w.kubevirt.io"


def check(**spec):
    document = {"metadata": {}, "spec": {"domain": {"devices": {}}, **spec}}
    decoding.check(VIRTUAL_MACHINE_INSTANCE, document, WEBHOOK)


def test_good_documents_are_left_alone():
    assert not check(hostname="a", dnsPolicy="None", tolerations=[{"operator": "Exists"}])


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"domain": {}}, "spec.domain.devices in body is required"),
        ({"hostname": 1}, 'spec.hostname in body must be of type string: "number"'),
        (
            {"networks": [{"name": "a"}, None]},
            'spec.networks in body must be of type object: "null"',
        ),
        (
            {"dnsPolicy": ""},
            (
                "spec.dnsPolicy in body should be one of [ClusterFirst ClusterFirstWithHostNet "
                "Default None]"
            ),
        ),
        (
            {"tolerations": [{"operator": "x"}]},
            "spec.tolerations.operator in body should be one of [Equal Exists]",
        ),
    ],
)
def test_the_schema_of_the_go_types(parts, message):
    with pytest.raises(Invalid) as raised:
        check(**parts)
    assert raised.value.message == f'admission webhook "{WEBHOOK}" denied the request: {message}'
    assert [(cause.reason, cause.field) for cause in raised.value.details.causes] == [("", "")]


def test_some_choices_are_the_definitions_alone():
    check(domain={"devices": {}, "rebootPolicy": "x"})


@pytest.mark.parametrize(
    ("cpu", "memory", "message"),
    [
        (
            {"cores": -1},
            "1Gi",
            (
                "json: cannot unmarshal number -1 into Go struct field "
                "VirtualMachineInstance.spec.domain.cpu.cores of type uint32"
            ),
        ),
        ({}, "x", "quantities must match the regular expression"),
        ({"cores": -1}, "x", "json: cannot unmarshal number -1"),
    ],
)
def test_what_go_cannot_decode_has_no_causes(cpu, memory, message):
    with pytest.raises(ApiError) as raised:
        check(domain={"devices": {}, "cpu": cpu, "memory": {"guest": memory}})
    assert (raised.value.code, raised.value.reason) == (400, "")
    assert message in raised.value.message
    assert raised.value.details.causes == ()


def test_some_only_decode():
    document = {"metadata": {}, "spec": {"domain": {"devices": {}}, "dnsPolicy": "x"}}
    decoding.decode(VIRTUAL_MACHINE_INSTANCE, document, WEBHOOK)
    snapshot = {"spec": {"source": {}, "failureDeadline": "soon"}}
    with pytest.raises(ApiError, match='time: invalid duration "soon"'):
        decoding.decode(SNAPSHOT, snapshot, WEBHOOK)


def test_what_is_wrong_twice_is_told_once():
    disk = {"image": "i", "imagePullPolicy": "x"}
    volumes = [{"name": name, "containerDisk": disk} for name in "ab"]
    with pytest.raises(ApiError) as raised:
        check(domain={"devices": {}}, volumes=volumes)
    (cause,) = raised.value.details.causes
    assert "imagePullPolicy in body should be one of" in cause.message
