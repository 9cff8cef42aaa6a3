import pytest

from virtctl.errors import BadRequest
from virtctl.local.http.verboptions import decode, dry_run_problem, is_late


def test_a_text_may_be_written_as_a_number() -> None:
    assert decode("removevolume", b'{"name": 5, "dryRun": ["All"]}') == {
        "name": "5", "dryRun": ["All"],
    }  # fmt: skip
    assert decode("start", b"") == {}


@pytest.mark.parametrize(
    ("verb", "raw", "said"),
    [
        ("stop", b'{"gracePeriod": "long"}', "StopOptions.gracePeriod of type int64"),
        ("stop", b'{"gracePeriod": true}', "StopOptions.gracePeriod of type int64"),
        ("start", b"[]", "into Go value of type v1.StartOptions"),
    ],
)
def test_values_of_a_wrong_type_are_told_by_their_go_field(
    verb: str, raw: bytes, said: str
) -> None:
    with pytest.raises(BadRequest) as refused:
        decode(verb, raw)
    assert said in refused.value.message


def test_a_dry_run_of_an_unknown_kind() -> None:
    assert dry_run_problem("start", {"dryRun": ["All"]}) is None
    assert dry_run_problem("pause", {"dryRun": ["Some"]}) is None
    problem = dry_run_problem("migrate", {"dryRun": ["Some"]})
    assert problem is not None
    assert problem.message.endswith(
        'CreateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: ["Some"]: '
        'supported values: "All"'
    )


def test_some_verbs_look_at_their_object_first() -> None:
    assert (is_late("start"), is_late("stop"), is_late("unheard-of")) == (True, False, False)
