import pytest

from virtctl.errors import BadRequest
from virtctl.wire.selectors import (
    LabelSelector,
    Selection,
    exact_name,
    parse_fields,
    parse_labels,
)

LABELS = {"app": "web", "tier": "front", "n": "5"}


@pytest.mark.parametrize(
    ("text", "selected"),
    [
        ("", True),
        ("app=web", True),
        ("app==web", True),
        ("app=db", False),
        ("app!=db", True),
        ("other!=db", True),
        ("app in (web, db)", True),
        ("app notin (web,db)", False),
        ("app", True),
        ("!app", False),
        ("!other,app in (web,db),tier=front", True),
        ("n>4", True),
        ("n<4", False),
        ("app>4", False),
        ("example.com/a.b=", False),
    ],
)
def test_labels(text: str, selected: bool) -> None:
    assert parse_labels(text).matches(LABELS) is selected


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a b", "requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"),
        ("a=b c", "found 'c', expected: ',' or 'end of string'"),
        ("=x", "found '=', expected: !, identifier, or 'end of string'"),
        ("!=x", "found '!=', expected: !, identifier, or 'end of string'"),
        ("!", "requirement: found '', expected: identifier"),
        ("a in web", "requirement: found 'web' expected: '('"),
        ("a in (web", "requirement: found '', expected: ',' or ')'"),
        ("a,,b", "found '', expected: !, identifier, or 'end of string'"),
        ("-a=b", "unable to parse requirement: `-a=b` is not a label selector"),
        ("a=" + "x" * 64, "unable to parse requirement"),
    ],
)
def test_bad_labels(text: str, why: str) -> None:
    with pytest.raises(BadRequest) as caught:
        parse_labels(text)
    assert why in caught.value.message


DOCUMENT = {
    "metadata": {"name": "a", "namespace": "n", "labels": {"x": "y"}},
    "spec": {"on": True, "text": "a,b=c"},
}
FIELDS = ("metadata.name", "spec.on", "spec.text", "spec.none")


@pytest.mark.parametrize(
    ("text", "selected"),
    [
        ("metadata.name=a", True),
        ("metadata.name!=a", False),
        ("metadata.name==a,spec.on=true", True),
        ("spec.none=", True),
        (r"spec.text=a\,b\=c", True),
    ],
)
def test_fields(text: str, selected: bool) -> None:
    assert parse_fields(text, FIELDS).matches(DOCUMENT) is selected


def test_bad_fields() -> None:
    with pytest.raises(BadRequest, match="can't understand 'nonsense'"):
        parse_fields("nonsense")
    with pytest.raises(BadRequest, match=r'"data\.a" is not a known field selector: only'):
        parse_fields("data.a=1")
    with pytest.raises(BadRequest, match=r"field label not supported: spec\.a"):
        parse_fields("spec.a=1", builtin=False)


def test_selection() -> None:
    assert not Selection()
    both = Selection(parse_labels("x=y"), parse_fields("metadata.name=a"))
    assert both
    assert both.matches(DOCUMENT)
    assert not both.matches({"metadata": {"name": "a"}})
    assert Selection(LabelSelector()).matches({})


def test_fields_in_other_places() -> None:
    event = {"source": {"component": "tester"}}
    for value, selected in (("tester", True), ("other", False)):
        selector = parse_fields(
            f"source={value}", ("source",), places={"source": "source.component"}
        )
        assert selector.matches(event) is selected


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("", ""),
        ("metadata.name=a", "a"),
        ("spec.x!=1,metadata.name==a", "a"),
        ("metadata.name!=a", ""),
        ("metadata.namespace=a", ""),
        ("metadata.name=a,nonsense", ""),
    ],
)
def test_the_one_name_that_is_selected(text, name) -> None:
    assert exact_name(text) == name


def test_bounds_of_labels_are_numbers():
    with pytest.raises(BadRequest, match="the value must be an integer"):
        parse_labels("a>b")
    assert parse_labels("a>1").matches({"a": "2"})


def test_field_selectors_that_end_in_a_comma():
    assert len(parse_fields("metadata.name=a,").terms) == 1
    with pytest.raises(BadRequest, match="unescaped character in value: 61"):
        parse_fields("metadata.name=a=b")
    assert parse_fields(r"metadata.name=a\=b").terms[0].value == "a=b"
