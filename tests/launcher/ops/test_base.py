import msgspec
import pytest

from launcher.ops.base import Op


class Greet(Op, frozen=True, kw_only=True):
    whom: str


def test_an_op_without_a_shell_line_is_shown_as_it_is() -> None:
    assert Greet(whom="you").describe() == "# Greet(whom='you')"


def test_ops_are_values() -> None:
    op = Greet(whom="you")
    assert op == Greet(whom="you")
    assert len({op, Greet(whom="you")}) == 1
    with pytest.raises(AttributeError):
        op.whom = "me"


def test_ops_say_in_json_what_they_are() -> None:
    assert msgspec.json.encode(Greet(whom="you")) == b'{"op":"Greet","whom":"you"}'
