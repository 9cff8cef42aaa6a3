from virtctl.local.http.guarding import Limits, Patience, Phase

LIMITS = Limits(head_bytes=100, head_seconds=5, body_seconds=3)


def test_a_head_must_come_in_time() -> None:
    patience = Patience(LIMITS, 10)
    assert not patience.is_over(15)
    assert patience.is_over(15.1)
    patience.begin_head(20)
    assert not patience.is_over(25)


def test_a_body_must_not_stand_still() -> None:
    patience = Patience(LIMITS, 0)
    patience.begin_body(1)
    assert not patience.is_over(4)
    patience.begin_body(4)
    assert not patience.is_over(7)
    assert patience.is_over(7.1)
    patience.wait(7.1)
    assert not patience.is_over(10.1)
    patience.rest()
    assert patience.phase is Phase.NOTHING
    assert not patience.is_over(1e9)


def test_heads_are_bounded() -> None:
    patience = Patience(LIMITS, 0)
    patience.receive(100)
    assert not patience.too_long
    patience.receive(1)
    assert patience.too_long
    patience.begin_body(0)
    patience.receive(10_000)
    assert not patience.too_long
    patience.receive(50)
    patience.begin_head(0)
    assert not patience.too_long
    patience.receive(200)
    patience.begin_head(0)
    assert patience.too_long  # all came at once
