import os

import pytest

from tests.fakes.duplexes import EchoDuplex, FakeDuplex
from virtctl.cli.interactive import converse
from virtctl.errors import StreamError
from virtctl.streams.terminal import EscapeFilter


async def talk(local: FakeDuplex, remote: FakeDuplex, out: int = 2) -> None:
    await converse(local, remote, EscapeFilter(tilde=False), out)


async def test_the_other_sides_end_is_the_end() -> None:
    local = FakeDuplex()
    await talk(local, FakeDuplex(b"hello", b""))
    assert local.sent == [b"hello"]


async def test_the_escape_key_is_not_sent() -> None:
    remote = FakeDuplex()
    await talk(FakeDuplex(b"ls\n", b"\x1d"), remote)
    assert remote.sent == [b"ls\n"]


async def test_last_words_get_their_answer() -> None:
    local = FakeDuplex(b"exit\n", b"")
    await talk(local, EchoDuplex())
    assert local.sent == [b"exit\n"]


async def test_what_breaks_is_raised() -> None:
    remote = FakeDuplex()
    remote.feed(None)
    with pytest.raises(StreamError, match="broken"):
        await talk(FakeDuplex(), remote)


async def test_a_reader_that_is_gone_ends_it() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    stream = FakeDuplex()
    await talk(stream, FakeDuplex(), writer)
    os.close(writer)
    assert stream.sent == []
