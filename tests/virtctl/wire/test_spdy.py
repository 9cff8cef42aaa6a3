import contextlib
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from virtctl.errors import StreamError
from virtctl.wire import spdy
from virtctl.wire.spdy import (
    Ended,
    Opened,
    Pinged,
    Received,
    Replied,
    Reset,
    SpdyConnection,
    WasReset,
)


def both():
    return SpdyConnection(client=True), SpdyConnection()


def test_dictionary_is_the_protocols() -> None:
    # The check sum that every implementation of SPDY/3 sends in its first header block.
    assert zlib.adler32(spdy.DICTIONARY) == 0xE3C6A7C2


def test_a_stream_lives() -> None:
    client, server = both()
    stream, opening = client.open({"streamType": "data", "port": "80"})
    assert list(server.receive(opening)) == [
        Opened(1, {"streamtype": "data", "port": "80"}, fin=False)
    ]
    assert list(client.receive(server.reply(stream))) == [Replied(1, {}, fin=False)]
    assert list(client.receive(server.data(stream, b"hello"))) == [Received(1, b"hello", fin=False)]
    assert list(server.receive(client.data(stream, b"", fin=True))) == [Received(1, b"", fin=True)]
    assert list(client.receive(server.reset(stream, Reset.CANCEL))) == [WasReset(1)]
    assert client.open({}, fin=True)[0] == 3


def test_headers_share_one_compression() -> None:
    client, server = both()
    for number in range(5):
        _, opening = client.open({"requestid": str(number)}, fin=True)
        (event,) = server.receive(opening)
        assert (event.headers, event.fin) == ({"requestid": str(number)}, True)


def test_pings() -> None:
    client, server = both()
    (pinged,) = server.receive(client.ping(7))
    assert isinstance(pinged, Pinged)
    assert list(client.receive(pinged.pong)) == []  # our own ping, come back
    assert list(server.receive(b"\x80\x03\x00\x07\x00\x00\x00\x08" + bytes(8))) == [Ended()]


def test_unknown_frames_are_passed_over() -> None:
    _, server = both()
    settings = b"\x80\x03\x00\x04\x00\x00\x00\x04\x00\x00\x00\x00"
    assert list(server.receive(settings)) == []


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x80\x02\x00\x01\x00\x00\x00\x0a" + bytes(10),  # SPDY/2
        b"\x80\x03\x00\x01\x00\x00\x00\x0c" + bytes(12),  # no compressed headers
        b"\x80\x03\x00\x06\x00\x00\x00\x01\x00",  # a short ping
        b"\x80\x03\x00\x01\x00\xff\xff\xff",  # too long
        b"\x00\x00\x00\x01\x00\xff\xff\xff",
    ],
)
def test_garbage(data) -> None:
    with pytest.raises(StreamError):
        list(SpdyConnection().receive(data))


def test_headers_that_swell_are_refused() -> None:
    client, server = both()
    _, opening = client.open({"a": "x" * (1 << 20)})
    with pytest.raises(StreamError, match="SPDY"):
        list(server.receive(opening))


def test_long_data_comes_in_pieces() -> None:
    client, server = both()
    events = list(server.receive(client.data(1, b"x" * 100_000, fin=True)))
    assert [event.fin for event in events] == [False, False, False, True]
    assert b"".join(event.data for event in events) == b"x" * 100_000


@given(
    chunks=st.lists(st.binary(max_size=200), min_size=1, max_size=5),
    headers=st.dictionaries(st.text("abc-", min_size=1), st.text(), max_size=4),
    cut=st.integers(1, 50),
)
def test_any_cut_gives_the_same(chunks, headers, cut) -> None:
    client, server = both()
    stream, sent = client.open(headers)
    sent += b"".join(client.data(stream, chunk) for chunk in chunks)
    events = []
    for start in range(0, len(sent), cut):
        events += server.receive(sent[start : start + cut])
    assert events[0] == Opened(stream, headers, fin=False)
    assert [event.data for event in events[1:]] == chunks


@given(st.binary(max_size=300))
def test_no_bytes_break_it(data) -> None:
    connection = SpdyConnection()
    with contextlib.suppress(StreamError):
        assert all(frame is not None for frame in connection.receive(data))
