import pytest

from tests.fakes.service import USER, ListSchemas, StillWorld
from virtctl.errors import ApiError, BadRequest, Cause, Invalid, NotDecodable
from virtctl.local.api.hooks import admit_all
from virtctl.local.api.service import WriteOptions
from virtctl.local.api.writing import Writer
from virtctl.models.kinds import NAMESPACE, POD, VIRTUAL_MACHINE, Kind
from virtctl.wire.patches import PatchBody

VM = {"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachine"}
OPTIONS = WriteOptions(actor=USER, field_manager="me")


class Typed(ListSchemas):
    def type_errors(self, kind, document):
        wrong = document.get("spec", {}).get("wrong")
        return [Cause("FieldValueTypeInvalid", "Invalid value", "spec.wrong")] if wrong else []


class Knowing(ListSchemas):
    def unknown_fields(self, kind, document):
        return sorted(set(document) - {"apiVersion", "kind", "metadata", "spec", "status"})


def writer(admit=admit_all) -> Writer:
    return Writer(Typed(), admit, StillWorld().world())


OLD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "p", "namespace": "n", "labels": {"a": "b"}},
    "spec": {"x": 1},
    "status": {"phase": "Pending"},
}


def test_status_of_a_core_kind_takes_metadata_along() -> None:
    new = {"metadata": {"labels": {"c": "d"}}, "spec": {"x": 2}, "status": {"phase": "Running"}}
    kept = {"manager": "a", "operation": "Update", "fieldsV1": {"f:spec": {"f:x": {}}}}
    old = {**OLD, "metadata": {**OLD["metadata"], "managedFields": [{**kept, "time": "2026"}]}}
    made = writer().updated(POD, old, new, "status", OPTIONS)
    assert made["metadata"]["labels"] == {"c": "d"}
    assert (made["spec"], made["status"]) == ({"x": 1}, {"phase": "Running"})
    assert made["metadata"]["managedFields"][1]["subresource"] == "status"


def test_status_of_a_custom_resource_does_not() -> None:
    old = {**OLD, "apiVersion": "kubevirt.io/v1", "kind": "VirtualMachine"}
    new = {"metadata": {"labels": {"c": "d"}}, "status": {"ready": True}}
    made = writer().updated(VIRTUAL_MACHINE, old, new, "status", OPTIONS)
    assert made["metadata"]["labels"] == {"a": "b"}


def test_unknown_subresource() -> None:
    with pytest.raises(Invalid, match="no writable subresource `scale`"):
        writer().updated(POD, OLD, {}, "scale", OPTIONS)


def test_namespace_finalizers_are_not_for_update() -> None:
    old = {"metadata": {"name": "n"}, "spec": {"finalizers": ["kubernetes"]}}
    made = writer().updated(NAMESPACE, old, {"spec": {"finalizers": []}}, "", OPTIONS)
    assert made["spec"]["finalizers"] == ["kubernetes"]


def test_types_are_checked() -> None:
    with pytest.raises(Invalid, match=r"spec\.wrong: Invalid value"):
        writer().created(POD, "n", {"metadata": {"name": "a"}, "spec": {"wrong": 1}}, OPTIONS)


def test_admission_sees_old_and_new() -> None:
    seen = []

    def admit(request):
        seen.append((request.old, request.new["spec"], request.subresource))
        return {**request.new, "spec": {"x": 9}}

    made = writer(admit).updated(POD, OLD, {**OLD, "spec": {"x": 2}}, "", OPTIONS)
    assert made["spec"] == {"x": 9}
    assert seen == [(OLD, {"x": 2}, "")]


def test_apply_needs_its_kind() -> None:
    with pytest.raises(BadRequest, match="must be set to apply"):
        writer().applied(POD, None, {"metadata": {"name": "a"}}, "", OPTIONS)
    managed = {"metadata": {"managedFields": [{"manager": "x"}]}}
    with pytest.raises(BadRequest, match="managedFields must be nil"):
        writer().applied(POD, None, managed, "", OPTIONS)


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        ({"bogus": 1}, ".spec.bogus: field not declared in schema"),
        ({"wrong": 1}, ".spec.wrong: Invalid value"),
        ({"bogus": 1, "wrong": 1}, "errors:\n  .spec.bogus: field not declared in schema\n  .spec"),
    ],
)
def test_what_the_schema_does_not_know_is_not_applied(spec, problem) -> None:
    wanted = {**VM, "metadata": {"name": "a", "namespace": "n"}, "spec": spec}
    with pytest.raises(ApiError) as caught:
        writer().applied(VIRTUAL_MACHINE, None, wanted, "", OPTIONS)
    assert (caught.value.code, caught.value.reason) == (500, "")
    assert str(caught.value).startswith(
        f"failed to create typed patch object (n/a; kubevirt.io/v1, Kind=VirtualMachine): {problem}"
    )


def test_status_is_not_applied_with_the_rest() -> None:
    wanted = {**VM, "metadata": {"name": "a"}, "spec": {"x": 1}, "status": {"y": 1}}
    made = writer().applied(VIRTUAL_MACHINE, None, wanted, "", OPTIONS)
    assert "status" not in made
    made = writer().applied(VIRTUAL_MACHINE, {**VM, "spec": {}}, wanted, "status", OPTIONS)
    assert made["status"] == {"y": 1}


@pytest.mark.parametrize(("patched", "refusal"), [(False, NotDecodable), (True, Invalid)])
def test_what_a_patch_made_unreadable_is_invalid(patched, refusal) -> None:
    options = WriteOptions(actor=USER, field_validation="Strict", patched=patched)
    old = {**VM, "metadata": {"name": "web"}}
    new = {**old, "flux": 1}
    with pytest.raises(refusal, match='strict decoding error: unknown field "flux"') as refused:
        Writer(Knowing(), admit_all, StillWorld().world()).updated(
            VIRTUAL_MACHINE, old, new, "", options
        )
    fields = [cause.field for cause in refused.value.details.causes]
    assert fields == (["patch"] if patched else [])


def test_what_was_stored_in_another_version_can_be_patched() -> None:
    old = {**VM, "apiVersion": "kubevirt.io/v1alpha3", "metadata": {"name": "v", "namespace": "n"}}
    patch = PatchBody("application/merge-patch+json", {"metadata": {"labels": {"a": "b"}}})
    made = writer().patched(VIRTUAL_MACHINE, old, patch, OPTIONS)
    assert made["apiVersion"] == "kubevirt.io/v1"
    assert made["metadata"]["labels"] == {"a": "b"}


def test_a_field_that_is_gone_from_a_definition_does_not_hinder_a_patch() -> None:
    kind = Kind("example.com", "v1", "Widget", "widgets")
    old = {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w"}}
    patch = PatchBody("application/merge-patch+json", {"spec": {"size": 2}})
    made = writer().patched(kind, {**old, "spec": {"bogus": 1, "size": 1}}, patch, OPTIONS)
    assert made["spec"] == {"size": 2}
