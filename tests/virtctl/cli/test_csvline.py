import pytest

from virtctl.cli.csvline import fields


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("", []),
        ("a", ["a"]),
        ("a,,b,", ["a", "", "b", ""]),
        ('"a, b",c', ["a, b", "c"]),
        ('"say ""hi""",', ['say "hi"', ""]),
        (" a , b ", [" a ", " b "]),
    ],
)
def test_values(line: str, found: list[str]) -> None:
    assert fields(line) == found


@pytest.mark.parametrize("line", ['k"q', 'a,b"', '"open', '"a"b', '"a" ,b'])
def test_quotes_in_the_wrong_place(line: str) -> None:
    with pytest.raises(ValueError, match='"'):
        fields(line)
