import pytest

from tests.fakes.env import fake_env
from virtctl.cli.outcome import Outcome
from virtctl.cli.render import render


@pytest.mark.parametrize("text", ["data", "data\n"])
def test_data_goes_to_stdout_and_talk_to_stderr(text: str) -> None:
    env = fake_env()
    assert render(Outcome(text, ("note",), 3), env) == 3
    assert env.stdout.getvalue() == "data\n"
    assert env.stderr.getvalue() == "note\n"


def test_nothing_is_no_empty_line() -> None:
    env = fake_env()
    render(Outcome(), env)
    assert env.stdout.getvalue() == ""
