import os
import termios

import pytest

from virtctl.streams.terminal import EscapeFilter, parse_escape, raw, spell


@pytest.mark.parametrize(
    ("reads", "sent", "left"),
    [
        ([b"ls\r"], b"ls\r", False),
        ([b"\x1d"], b"", True),
        ([b"a", b"\x1d"], b"a", True),
        ([b"a\x1db"], b"a\x1db", False),
        ([b"~."], b"", True),
        ([b"~", b"."], b"", True),
        ([b"ls\r~."], b"ls\r", True),
        ([b"a~."], b"a~.", False),
        ([b"~~"], b"~", False),
        ([b"~x"], b"~x", False),
        ([b"~~."], b"~.", False),
    ],
)
def test_ways_out(reads: list[bytes], sent: bytes, left: bool) -> None:
    keys = EscapeFilter(tilde=True)
    kept, leave = b"", False
    for data in reads:
        part, leave = keys.feed(data)
        kept += part
    assert (kept, leave) == (sent, left)


def test_a_script_has_no_tilde() -> None:
    assert EscapeFilter(tilde=False).feed(b"~.") == (b"~.", False)


def test_escape_keys() -> None:
    assert parse_escape("^]") == 0x1D
    assert parse_escape("^x") == 0x18
    assert parse_escape("q") == ord("q")


@pytest.mark.parametrize("word", ["", "abc", "ü"])
def test_no_keys(word: str) -> None:
    with pytest.raises(ValueError, match=word or "^$"):
        parse_escape(word)


def fail_in_raw_mode(descriptor: int) -> None:
    with raw(descriptor) as terminal:
        assert terminal
        assert not termios.tcgetattr(descriptor)[3] & termios.ECHO
        raise ZeroDivisionError


def test_raw_mode_is_undone() -> None:
    outer, inner = os.openpty()
    try:
        before = termios.tcgetattr(inner)
        with pytest.raises(ZeroDivisionError):
            fail_in_raw_mode(inner)
        assert termios.tcgetattr(inner) == before
    finally:
        os.close(outer)
        os.close(inner)


def test_a_pipe_is_no_terminal() -> None:
    read, write = os.pipe()
    with raw(read) as terminal:
        assert not terminal
    os.close(read)
    os.close(write)


def test_keys_are_spelled_as_they_are_pressed() -> None:
    assert [spell(parse_escape(key)) for key in ("^]", "^x", "q")] == [
        "Ctrl+] or Ctrl+5", "Ctrl+X", "q",
    ]  # fmt: skip
