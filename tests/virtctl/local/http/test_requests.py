import pytest
from starlette.datastructures import QueryParams
from starlette.requests import Request

from virtctl.errors import BadRequest, Invalid
from virtctl.local.http.identity import LOCAL_ADMIN
from virtctl.local.http.requests import Call, check_reading
from virtctl.models.kinds import POD
from virtctl.wire.paths import ResourcePath

APPLY = "application/apply-patch+yaml"


def call(query: str = "", agent: str = "kubectl/v1.32 (linux)", media: str = "") -> Call:
    scope = {
        "type": "http", "method": "GET", "path": "/", "query_string": query.encode(),
        "headers": [(b"user-agent", agent.encode()), (b"content-type", media.encode())],
    }  # fmt: skip
    return Call(Request(scope), ResourcePath("", "v1", "a", "pods"), POD, LOCAL_ADMIN)


def test_write_options() -> None:
    query = "dryRun=All&fieldManager=me&fieldValidation=Strict&force=true"
    options = call(query, media=APPLY).write_options()
    assert (options.dry_run, options.field_manager, options.field_validation, options.force) == (
        True, "me", "Strict", True
    )  # fmt: skip
    plain = call().write_options()
    assert (plain.dry_run, plain.field_manager, plain.field_validation) == (
        False,
        "kubectl",
        "Warn",
    )
    assert plain.actor is LOCAL_ADMIN


@pytest.mark.parametrize(
    ("query", "field"), [("dryRun=Some", "dryRun"), ("fieldValidation=Maybe", "fieldValidation")]
)
def test_bad_write_options(query, field) -> None:
    with pytest.raises(Invalid) as caught:
        call(query).write_options()
    (cause,) = caught.value.details.causes
    assert (cause.reason, cause.field) == ("FieldValueNotSupported", field)


@pytest.mark.parametrize(
    ("query", "media", "reason", "field"),
    [
        ("", APPLY, "FieldValueRequired", "fieldManager"),
        ("force=true", "", "FieldValueForbidden", "force"),
        (f"fieldManager={'x' * 129}", "", "FieldValueTooLong", "fieldManager"),
        ("fieldManager=%07", "", "FieldValueInvalid", "fieldManager"),
    ],
)
def test_managers_and_force(query: str, media: str, reason: str, field: str) -> None:
    with pytest.raises(Invalid) as caught:
        call(query, media=media).write_options()
    (cause,) = caught.value.details.causes
    assert (cause.reason, cause.field) == (reason, field)


def test_fields_given_twice() -> None:
    body = b'{"a":1,"a":2}'
    assert call().write_options(body).duplicates == ("a",)
    assert call("fieldValidation=Ignore").write_options(body).duplicates == ()


def test_list_options() -> None:
    options = call("labelSelector=a%3Db&limit=5&continue=x&resourceVersion=3").list_options()
    assert (options.labels, options.limit, options.continue_token) == ("a=b", 5, "x")
    for limit, problem in (
        ("many", "invalid syntax"),
        ("", "invalid syntax"),
        ("9" * 20, "value out of range"),
    ):
        with pytest.raises(BadRequest, match=problem):
            call(f"limit={limit}").list_options()


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("sendInitialEvents=true", ["resourceVersionMatch"]),
        ("resourceVersionMatch=NotOlderThan", ["resourceVersionMatch"]),
        ("resourceVersionMatch=Exact&sendInitialEvents=false", ["resourceVersionMatch"] * 2),
        ("resourceVersionMatch=NotOlderThan&sendInitialEvents=false", []),
    ],
)
def test_what_watches_do_not_combine(query, fields) -> None:
    found = []
    try:
        check_reading(dict(pair.split("=") for pair in query.split("&")), watch=True)
    except Invalid as refused:
        found = [cause.field for cause in refused.details.causes]
    assert found == fields


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "Pod", "apiVersion": "v1"},
        {"gracePeriodSeconds": "5"},
        {"preconditions": "uid"},
        {"orphanDependents": 1},
    ],
)
def test_what_are_no_delete_options(body) -> None:
    with pytest.raises(BadRequest, match="cannot be handled as a DeleteOptions"):
        call("").delete_options(body)


@pytest.mark.parametrize(
    ("query", "body", "propagation", "grace"),
    [
        ("propagationPolicy=Orphan&gracePeriodSeconds=3", {}, "Orphan", 3),
        ("gracePeriodSeconds=3", {"gracePeriodSeconds": 0}, "", 0),
        ("", {"propagationPolicy": "Foreground"}, "Foreground", None),
        ("", {"orphanDependents": True}, "Orphan", None),
        ("orphanDependents=false", {}, "Background", None),
        ("", {"orphanDependents": False}, "Background", None),
    ],
)
def test_delete_options(query, body, propagation, grace) -> None:
    options = call(query).delete_options(body)
    assert (options.propagation, options.grace_period_seconds) == (propagation, grace)


def test_delete_options_of_the_body() -> None:
    body = {"dryRun": ["All"], "preconditions": {"uid": "u", "resourceVersion": "3"}}
    options = call().delete_options(body)
    assert options.dry_run
    assert (options.precondition_uid, options.precondition_resource_version) == ("u", "3")


@pytest.mark.parametrize(
    "body", [{"propagationPolicy": "Orphan", "orphanDependents": True}, {"propagationPolicy": "Up"}]
)
def test_bad_delete_options(body) -> None:
    with pytest.raises(Invalid, match="DeleteOptions.meta.k8s.io"):  # noqa: RUF043
        call().delete_options(body)


@pytest.mark.parametrize(
    ("query", "watch", "problem"),
    [
        ("sendInitialEvents=true", True, "requires setting"),
        ("resourceVersionMatch=NotOlderThan", True, "forbidden for watch"),
        ("resourceVersionMatch=Exact", False, "unless resourceVersion"),
        (
            "resourceVersionMatch=Exact&resourceVersion=0",
            False,
            'forbidden for resourceVersion "0"',
        ),
        ("resourceVersionMatch=Odd&resourceVersion=1", False, "Unsupported value"),
        ("resourceVersionMatch=Exact&resourceVersion=1&continue=x", False, "when continue"),
        ("sendInitialEvents=true", False, "forbidden for list"),
        ("sendInitialEvents=true&resourceVersionMatch=NotOlderThan", True, ""),
        ("resourceVersion=5&resourceVersionMatch=Exact", False, ""),
        ("", True, ""),
    ],
)
def test_reading(query, watch, problem) -> None:
    if not problem:
        check_reading(QueryParams(query), watch=watch)
        return
    with pytest.raises(Invalid, match=problem):
        check_reading(QueryParams(query), watch=watch)


@pytest.mark.parametrize(
    ("query", "on"), [("", False), ("watch", True), ("watch=maybe", True), ("watch=False", False)]
)
def test_flags(query, on) -> None:
    assert call(query).flag("watch") is on
