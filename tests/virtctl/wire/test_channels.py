import pytest

from virtctl.errors import BadRequest
from virtctl.wire import channels
from virtctl.wire.channels import Channel, Frame, TerminalSize


def test_choose() -> None:
    known = (channels.V5, channels.V4)
    assert channels.choose([channels.V4, channels.V5], known) == channels.V5
    assert channels.choose([channels.PLAIN], known) is None


@pytest.mark.parametrize("channel", list(Channel))
def test_frames(channel: Channel) -> None:
    assert channels.parse_frame(channels.build_frame(channel, b"x")) == Frame(channel, b"x")


@pytest.mark.parametrize("message", [b"", b"\x09x"])
def test_no_frame(message: bytes) -> None:
    assert channels.parse_frame(message) is None


def test_sizes() -> None:
    assert channels.parse_size(channels.build_size(TerminalSize(80, 24))) == TerminalSize(80, 24)
    with pytest.raises(BadRequest, match="terminal size"):
        channels.parse_size(b"[]")


@pytest.mark.parametrize("code", [0, 1, 137])
def test_exit(code: int) -> None:
    assert channels.parse_exit(channels.exit_status(code)) == code


def test_program_that_could_not_run() -> None:
    assert channels.parse_exit({"status": "Failure", "message": "no"}) is None
