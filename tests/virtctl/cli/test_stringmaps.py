import pytest

from virtctl.cli.stringmaps import string_map
from virtctl.errors import UsageError


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ([], {}),
        (["a=1", "b="], {"a": "1", "b": ""}),
        (["a=1", "a=2"], {"a": "2"}),
        (["a=1,b=2"], {"a": "1", "b": "2"}),
        (["a=1,2"], {"a": "1,2"}),
        (['a=1,"b=2,3"'], {"a": "1", "b": "2,3"}),
        (["a=b=c"], {"a": "b=c"}),
    ],
)
def test_pairs(words: list[str], found: dict[str, str]) -> None:
    assert string_map(words, "--x") == found


def test_a_quote_in_the_wrong_place() -> None:
    with pytest.raises(UsageError, match="for flag `--x`: bare"):
        string_map(['a=1,b="2'], "--x")


@pytest.mark.parametrize("word", ["plain", "", "a=1,b=2,plain"])
def test_what_is_no_pair(word: str) -> None:
    with pytest.raises(UsageError, match="for flag `--x`: must be KEY=VALUE"):
        string_map([word], "--x")
