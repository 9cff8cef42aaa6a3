"""What KubeVirt's webhooks check and decode themselves."""

import pytest

from virtctl.errors import ApiError, Invalid
from virtctl.local.api import decoding, schema
from virtctl.models.kinds import SNAPSHOT, VIRTUAL_MACHINE, VIRTUAL_MACHINE_INSTANCE

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


def machine(metadata):
    template = {"metadata": metadata, "spec": {"domain": {"devices": {}}}}
    return {"metadata": {}, "spec": {"runStrategy": "Halted", "template": template}}


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        (None, ' in body must be of type object: "null"'),
        ({"labels": None}, '.labels in body must be of type object: "null"'),
        ({"labels": {"a": 1}}, '.labels.a in body must be of type string: "number"'),
        ({"zone": "a"}, ".zone in body is a forbidden property"),
        ({"creationTimestamp": None}, ""),
        ({"labels": {"a": "b"}}, ""),
    ],
)
def test_metadata_of_templates_is_minded_here_only(metadata, said):
    document = machine(metadata)
    assert schema.type_errors(VIRTUAL_MACHINE, document) == []
    assert schema.unknown_fields(VIRTUAL_MACHINE, document) == []
    assert schema.prune(VIRTUAL_MACHINE, document) is document
    if not said:
        decoding.check(VIRTUAL_MACHINE, document, WEBHOOK)
        return
    with pytest.raises(ApiError) as raised:
        decoding.check(VIRTUAL_MACHINE, document, WEBHOOK)
    (cause,) = raised.value.details.causes
    assert cause.message == f"spec.template.metadata{said}"


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        ({"labels": 5}, "number into Go struct field ObjectMeta.spec.template.metadata.labels of"),
        ({"annotations": {"a": True}}, "bool into Go struct field .*annotations of type string"),
        ({"finalizers": "x"}, r"string into Go struct field .*finalizers of type \[\]string"),
    ],
)
def test_metadata_of_templates_that_go_cannot_decode(metadata, said):
    with pytest.raises(ApiError, match=said):
        decoding.decode(VIRTUAL_MACHINE, machine(metadata), WEBHOOK)
