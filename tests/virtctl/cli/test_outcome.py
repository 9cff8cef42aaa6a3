from virtctl.cli.outcome import Outcome


def test_nothing_to_say_is_success() -> None:
    assert Outcome() == ("", (), 0)
