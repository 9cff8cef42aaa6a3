"""Plain YAML scalars as kubectl reads them."""

import pytest

from virtctl.wire.scalars import resolvers


def tag_of(text: str) -> str:
    for first, tag, pattern in resolvers():
        if text[:1] == first and pattern.match(text):
            return tag.rpartition(":")[2]
    return "str"


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("yes", "bool"), ("Off", "bool"), ("yup", "str"),
        ("12", "int"), ("-0x1f", "int"), ("0o17", "int"), ("1_000", "int"),
        ("1.5", "float"), ("1e3", "float"), (".5", "float"), ("12:30", "str"),
        ("~", "null"), ("", "null"), ("nullable", "str"),
        ("2026-01-01", "str"), ("tiny", "str"), ("<<", "merge"),
    ],
)  # fmt: skip
def test_tags(text: str, tag: str) -> None:
    assert tag_of(text) == tag
