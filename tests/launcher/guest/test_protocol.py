import json

import msgspec
import pytest

from launcher.errors import AgentError
from launcher.guest.protocol import build_request, parse_reply


def test_a_request_without_arguments_has_none() -> None:
    assert json.loads(build_request("guest-ping")) == {"execute": "guest-ping"}


def test_arguments_are_kept() -> None:
    said = json.loads(build_request("guest-set-time", {"time": 5}))
    assert said == {"execute": "guest-set-time", "arguments": {"time": 5}}


def test_a_reply_is_what_was_returned() -> None:
    assert msgspec.json.decode(parse_reply('{"return": {"a": [1]}}')) == {"a": [1]}


def test_a_refusal_is_raised_in_the_agents_words() -> None:
    with pytest.raises(AgentError, match="no such command"):
        parse_reply('{"error": {"class": "CommandNotFound", "desc": "no such command"}}')


def test_a_garbled_reply_is_raised() -> None:
    with pytest.raises(AgentError, match="something else than JSON"):
        parse_reply("\xff{")
