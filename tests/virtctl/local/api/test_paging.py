import pytest

from virtctl.errors import BadRequest
from virtctl.local.api.paging import Position, build_token, parse_token


def test_tokens_come_back() -> None:
    position = Position(7, "default", "a")
    assert parse_token(build_token(position)) == position


@pytest.mark.parametrize("text", ["x", "%%%", "e30", "bnVsbA"])
def test_bad_tokens(text) -> None:
    with pytest.raises(BadRequest, match="continue key is not valid"):
        parse_token(text)
