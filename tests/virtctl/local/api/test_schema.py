"""Structural checks: the wording is what clients of Kubernetes match."""

import pytest

from virtctl.errors import BadRequest, Cause
from virtctl.local.api import schema
from virtctl.models import kinds


def vm(**spec):
    return {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachine",
        "metadata": {"name": "vm1"},
        "spec": {"template": {"spec": {"domain": {"devices": {}}}}, **spec},
    }


def pod(**spec):
    containers = [{"name": "a", "image": "b"}]
    return {"metadata": {"name": "p"}, "spec": {"containers": containers, **spec}}


def test_fitting_documents_pass():
    for kind, document in ((kinds.VIRTUAL_MACHINE, vm(runStrategy="Always")), (kinds.POD, pod())):
        assert schema.unknown_fields(kind, document) == []
        assert schema.type_errors(kind, document) == []
        assert schema.prune(kind, document) is document


def test_unknown_fields_are_named_with_their_position():
    document = vm(x=1)
    document["spec"]["template"]["spec"]["volumes"] = [{"name": "a"}, {"name": "b", "y": 1}]
    assert schema.unknown_fields(kinds.VIRTUAL_MACHINE, document) == [
        "spec.template.spec.volumes[1].y",
        "spec.x",
    ]


def test_pruning_leaves_the_original_alone():
    document = vm(x=1)
    assert "x" not in schema.prune(kinds.VIRTUAL_MACHINE, document)["spec"]
    assert document["spec"]["x"] == 1


def test_null_stays_only_where_it_may_be() -> None:
    template = {"metadata": None, "spec": {"architecture": None}}
    document = vm(running=None, template=template)
    spec = schema.prune(kinds.VIRTUAL_MACHINE, document)["spec"]
    assert "running" not in spec
    assert spec["template"] == {"metadata": None, "spec": {}}


def test_open_parts_take_any_field():
    document = pod(volumes=[{"name": "v", "rbd": {"monitors": ["a"]}}])
    assert schema.unknown_fields(kinds.POD, document) == []
    assert schema.prune(kinds.POD, document) is document


def test_wrong_type_in_a_custom_resource_is_a_cause():
    (wrong, unchecked) = schema.type_errors(kinds.VIRTUAL_MACHINE, vm(runStrategy=5))
    assert wrong.field == "spec.runStrategy"
    assert wrong.reason == "FieldValueTypeInvalid"
    assert wrong.message == (
        'Invalid value: "integer": spec.runStrategy in body must be of type string: "integer"'
    )
    assert unchecked.field == "<nil>"


@pytest.mark.parametrize(
    ("configuration", "reason", "start"),
    [
        ({"vmRolloutStrategy": "x"}, "FieldValueNotSupported", 'Unsupported value: "x": supported'),
        ({"developerConfiguration": {"memoryOvercommit": 3}}, "FieldValueInvalid", "Invalid value"),
        (
            {"cpuRequest": "2Zi"},
            "FieldValueInvalid",
            'Invalid value: "2Zi": spec.configuration.cpu',
        ),
        ({"cpuRequest": True}, "FieldValueTypeInvalid", 'Invalid value: "boolean": spec'),
    ],
)
def test_values_are_checked(configuration, reason, start):
    document = {"metadata": {}, "spec": {"configuration": configuration}}
    (cause,) = schema.type_errors(kinds.KUBEVIRT, document)
    assert cause.reason == reason
    assert cause.message.startswith(start)


def test_missing_required_fields_are_causes():
    document = {"metadata": {"name": "p"}, "spec": {}}
    (cause,) = schema.type_errors(kinds.POD, document)
    assert (cause.reason, cause.field) == ("FieldValueRequired", "spec.containers")


def test_wrong_type_in_a_core_kind_cannot_be_decoded():
    with pytest.raises(BadRequest, match=r"cannot be handled as a Pod: json: cannot unmarshal num"):
        schema.type_errors(kinds.POD, pod(hostname=5))


def test_bad_quantity_in_a_core_kind_cannot_be_decoded():
    document = {"metadata": {}, "spec": {"resources": {"requests": {"storage": "2Zi"}}}}
    with pytest.raises(BadRequest, match=r"quantities must match the regular expression"):
        schema.type_errors(kinds.PVC, document)


@pytest.mark.parametrize(
    ("kind", "path", "keys"),
    [
        (kinds.POD, "spec.containers", ("name",)),
        (kinds.POD, "spec.containers.ports", ("containerPort", "protocol")),
        (kinds.POD, "spec.tolerations", None),
        (kinds.VIRTUAL_MACHINE, "metadata.finalizers", ()),
        (kinds.VIRTUAL_MACHINE, "metadata.ownerReferences", ("uid",)),
        (kinds.VIRTUAL_MACHINE, "spec.template.spec.domain.devices.disks", None),
        (kinds.VIRTUAL_MACHINE, "spec.nowhere", None),
    ],
)
def test_list_keys(kind, path, keys):
    assert schema.list_keys(kind, tuple(path.split("."))) == keys


def test_merge_key_of_a_list_with_two_keys_is_the_first():
    assert schema.merge_key(kinds.SERVICE, ("spec", "ports")) == "port"
    assert schema.merge_key(kinds.POD, ("spec", "tolerations")) is None


def test_selectors_are_owned_as_a_whole():
    assert schema.is_atomic(kinds.PVC, ("spec", "selector"))
    assert not schema.is_atomic(kinds.PVC, ("spec",))


def test_the_protocol_is_fulfilled():
    schemas = schema.ModelSchemas()
    assert schemas.unknown_fields(kinds.VIRTUAL_MACHINE, vm(x=1)) == ["spec.x"]
    assert "x" not in schemas.prune(kinds.VIRTUAL_MACHINE, vm(x=1))["spec"]
    assert schemas.type_errors(kinds.VIRTUAL_MACHINE, vm()) == []
    assert schemas.list_keys(kinds.POD, ("spec", "volumes")) == ("name",)


def test_values_out_of_bounds_do_not_keep_rules_from_being_looked_at():
    shape = schema.shape_of_kind(kinds.VIRTUAL_MACHINE)
    assert schema.unchecked(shape, [Cause("FieldValueInvalid", "", "spec.x")]) == ()
    assert len(schema.unchecked(shape, [Cause("FieldValueRequired", "", "spec.x")])) == 1


def test_lists_of_custom_resources_have_bounds():
    networks = [{"name": f"n{number}", "pod": {}} for number in range(257)]
    document = {"metadata": {}, "spec": {"domain": {"devices": {}}, "networks": networks}}
    (cause, _) = schema.type_errors(kinds.VIRTUAL_MACHINE_INSTANCE, document)
    assert (cause.reason, cause.field) == ("FieldValueTooMany", "spec.networks")
    twice = [{"name": "a", "mountPath": "/a"}] * 2
    assert schema.type_errors(kinds.POD, pod(volumes=twice)) == []
