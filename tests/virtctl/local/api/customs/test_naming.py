import pytest

from virtctl.local.api.customs.naming import label_problem, name_causes
from virtctl.models.documents import Document

NAMES: Document = {"plural": "foos", "singular": "foo", "kind": "Foo", "listKind": "FooList"}


def definition(group: str = "example.com", name: str = "", **names: object) -> Document:
    spec: Document = {"group": group, "names": {**NAMES, **names}}  # type: ignore[dict-item]
    return {"metadata": {"name": name or f"foos.{group}"}, "spec": spec}


def test_a_definition_with_usual_names_is_well() -> None:
    assert list(name_causes(definition(), None)) == []


@pytest.mark.parametrize(
    ("made", "field", "problem"),
    [
        (definition(name="bars.example.com"), "metadata.name", "spec.names.plural"),
        (definition(group="example"), "spec.group", "at least one dot"),
        (definition(kind="F_o"), "spec.names.kind", "may have mixed case"),
        (definition(shortNames=["f", "F"]), "spec.names.shortNames[1]", "DNS-1035"),
        (definition(listKind="Foo"), "spec.names.listKind", "may not be the same"),
        (
            definition(group="x.k8s.io"),
            "metadata.annotations[api-approved.kubernetes.io]",
            "must have approval",
        ),
    ],
)
def test_names_that_cannot_be(made: Document, field: str, problem: str) -> None:
    (cause,) = name_causes(made, None)
    assert cause.field == field
    assert problem in cause.message


def test_the_name_is_judged_once() -> None:
    made = definition(name="bars.example.com")
    assert list(name_causes(made, made)) == []


def test_a_label_is_short_and_begins_with_a_letter() -> None:
    assert label_problem("a-1") == ""
    assert "no more than 63 characters" in label_problem("a" * 64)
    assert "start with an alphabetic character" in label_problem("1a")
