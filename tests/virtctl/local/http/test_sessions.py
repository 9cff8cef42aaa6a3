import struct

import hpack
import pytest
from h2.errors import ErrorCodes as Code

from tests.fakes.http2client import PREFACE, frame, frames
from virtctl.local.http.sessions import Bounds, Session

DATA, HEADERS, PRIORITY, RST, SETTINGS, PUSH, PING, GOAWAY, WINDOW, CONTINUATION = range(10)
END, ACK, ENDED_HEAD, PADDED, PRIORITIZED = 1, 1, 4, 8, 0x20
GET = [(":method", "GET"), (":scheme", "https"), (":path", "/"), (":authority", "h")]
BOUNDS = Bounds(
    streams=3, head_bytes=2000, stream_window=1000, window=70_000, nuisances=20, refill=5
)


GREETING = PREFACE + frame(SETTINGS)


class Told:
    """What the session told, and what it is to do."""

    def __init__(self) -> None:
        self.heads, self.bodies = {}, {}
        self.streams = {}
        self.ended, self.cancelled, self.widened, self.refused = [], [], [], []
        self.willing = True

    def begin(self, stream, head) -> bool:
        self.heads[stream.number] = head
        self.streams[stream.number] = stream
        self.bodies[stream.number] = b""
        return self.willing

    def refuse(self, stream) -> None:
        self.refused.append(stream.number)

    def receive(self, stream, data) -> None:
        self.bodies[stream.number] += data

    def end(self, stream) -> None:
        self.ended.append(stream.number)

    def cancel(self, stream) -> None:
        self.cancelled.append(stream.number)

    def widen(self, stream) -> None:
        self.widened.append(stream and stream.number)


class Talk:
    """A session that was greeted."""

    def __init__(self, bounds=BOUNDS, greeting=GREETING) -> None:
        self.told = Told()
        self.session = Session(self.told, bounds)
        self.encoder = hpack.Encoder()
        self.greeted = frames(self.session.take())
        if greeting:
            assert self.say(greeting) == [(SETTINGS, ACK, 0, b"")]

    def say(self, *said: bytes) -> list:
        self.session.receive(b"".join(said))
        return frames(self.session.take())

    def head(self, stream, *fields, flags=END | ENDED_HEAD, base=GET) -> bytes:
        return frame(HEADERS, flags, stream, self.encoder.encode([*base, *fields]))

    def open(self, stream):
        """A request with a body to come."""
        assert self.say(self.head(stream, flags=ENDED_HEAD)) == []
        return self.told.streams[stream]


def number(value: int) -> bytes:
    return struct.pack(">L", value)


def reset(stream: int, code: Code) -> tuple:
    return (RST, 0, stream, number(code))


def test_greeting() -> None:
    talk = Talk(greeting=b"")
    (kind, _, _, settings), window = talk.greeted
    assert kind == SETTINGS
    told = dict(struct.iter_unpack(">HL", settings))
    assert (told[3], told[4], told[6]) == (3, 1000, 2000)
    assert window == (WINDOW, 0, 0, number(70_000 - 65535))
    for byte in GREETING:
        assert not talk.session.greeted
        talk.session.receive(bytes((byte,)))
    assert frames(talk.session.take()) == [(SETTINGS, ACK, 0, b"")]
    assert talk.session.greeted


def test_what_is_begun_is_counted() -> None:
    talk = Talk()
    head = talk.head(1)
    assert talk.session.silent == 0
    talk.say(head[:12])
    talk.say(head[12:13])
    assert talk.session.silent == 13
    talk.say(head[13:])
    assert talk.session.silent == 0
    talk.session.receive(frame(3, 0, 99, number(8)) * 170_000)
    assert talk.session.closed


@pytest.mark.parametrize(
    "greeting",
    [b"GET / HTTP/1.1\r\n\r\n", b"X"],
)
def test_who_does_not_greet_is_sent_away(greeting) -> None:
    talk = Talk(greeting=b"")
    talk.say(greeting)
    assert talk.session.closed


def test_requests_in_pieces() -> None:
    talk = Talk()
    said = talk.head(1, ("accept", "a")) + talk.head(3, flags=ENDED_HEAD)
    said += frame(DATA, 0, 3, b"some ") + frame(DATA, END, 3, b"body")
    for byte in said:
        talk.session.receive(bytes((byte,)))
    assert talk.told.heads[1].fields == [(b"host", b"h"), (b"accept", b"a")]
    assert talk.told.bodies == {1: b"", 3: b"some body"}
    assert talk.told.ended == [1, 3]
    assert talk.told.streams[1].asked


def test_padding_priorities_and_continuations() -> None:
    talk = Talk()
    block = talk.encoder.encode(GET)
    head = b"\x03" + b"\0\0\0\0\x10" + block[:4] + b"pad"
    said = frame(HEADERS, PADDED | PRIORITIZED, 1, head)
    said += frame(CONTINUATION, 0, 1, block[4:5]) + frame(CONTINUATION, ENDED_HEAD, 1, block[5:])
    assert talk.say(said, frame(DATA, PADDED | END, 1, b"\x02dataxx")) == []
    assert (talk.told.bodies[1], talk.told.ended) == (b"data", [1])


def test_trailers_are_forgotten() -> None:
    talk = Talk()
    talk.open(1)
    assert talk.say(frame(DATA, 0, 1, b"a"), talk.head(1, ("x", "y"), base=[])) == []
    assert talk.told.ended == [1]


def test_answers() -> None:
    talk = Talk()
    talk.say(talk.head(1))
    stream = talk.told.streams[1]
    talk.session.answer(stream, [(b":status", b"200")])
    talk.session.send(stream, b"x" * 40_000)
    talk.session.send(stream, b"", end=True)
    head, *parts = frames(talk.session.take())
    assert head == (HEADERS, ENDED_HEAD, 1, b"\x88")
    assert [(kind, flags, len(data)) for kind, flags, _, data in parts] == [
        (DATA, 0, 16384),
        (DATA, 0, 16384),
        (DATA, 0, 40_000 - 2 * 16384),
        (DATA, END, 0),
    ]
    assert not talk.session.streams
    assert talk.session.pending == 0


def test_large_heads_of_answers_and_large_frames() -> None:
    talk = Talk()
    talk.say(talk.head(1), frame(SETTINGS, 0, 0, struct.pack(">HL", 5, 20_000)))
    stream = talk.told.streams[1]
    fields = [(b":status", b"200"), (b"x", b"y" * 40_000)]
    talk.session.answer(stream, fields)
    talk.session.send(stream, b"x" * 20_000, end=True)
    *heads, data = frames(talk.session.take())
    assert [kind for kind, *_ in heads] == [HEADERS, CONTINUATION]
    block = b"".join(text for *_, text in heads)
    assert hpack.Decoder(max_header_list_size=1 << 20).decode(block, raw=True) == fields
    assert data == (DATA, END, 1, b"x" * 20_000)


def test_an_answer_before_the_end_of_the_request() -> None:
    talk = Talk()
    stream = talk.open(1)
    talk.session.answer(stream, [(b":status", b"204")], end=True)
    answer, end = frames(talk.session.take())
    assert answer == (HEADERS, END | ENDED_HEAD, 1, b"\x89")
    assert end == reset(1, Code.NO_ERROR)
    talk.say(frame(DATA, 0, 1, b"a"), talk.head(1, ("x", "y"), base=[]))
    assert not talk.session.closed
    assert talk.told.bodies[1] == b""


def test_windows_of_answers() -> None:
    talk = Talk()
    talk.say(frame(SETTINGS, 0, 0, struct.pack(">HL", 4, 100)), talk.head(1))
    stream, session = talk.told.streams[1], talk.session
    assert session.room(stream) == 100
    session.answer(stream, [(b":status", b"200")])
    session.send(stream, b"x" * 90)
    talk.say(frame(SETTINGS, 0, 0, struct.pack(">HL", 4, 50)))
    assert session.room(stream) == -40
    talk.say(frame(WINDOW, 0, 1, number(1_000_000)))
    assert session.room(stream) == 65535 - 90
    talk.say(frame(WINDOW, 0, 0, number(1_000_000)))
    assert session.room(stream) == 999_960
    assert talk.told.widened[-3:] == [None, 1, None]
    talk.say(frame(RST, 0, 1, number(8)), frame(WINDOW, 0, 1, number(1)))
    assert not talk.session.closed


def test_windows_of_bodies() -> None:
    talk = Talk()
    stream = talk.open(1)
    assert talk.say(frame(DATA, 0, 1, b"x" * 700)) == []
    talk.session.consume(stream, 400)
    assert talk.session.take() == b""
    talk.session.consume(stream, 300)
    assert frames(talk.session.take()) == [(WINDOW, 0, 1, number(700))]
    assert talk.say(frame(DATA, 0, 1, b"x" * 1001))[-1][0] == GOAWAY


def test_the_window_of_the_connection_is_given_back() -> None:
    talk = Talk(Bounds(stream_window=50_000, window=100_000))
    for stream in range(1, 21, 2):
        talk.open(stream)
        said = talk.say(frame(DATA, 0, stream, b"x" * 10_000))
        assert not said
        talk.session.reset(talk.told.streams[stream], Code.CANCEL)
        given = [text for kind, _, at, text in frames(talk.session.take()) if (kind, at) == (8, 0)]
        assert bool(given) == (stream in {9, 19})
    # also for what comes behind the end
    said = talk.say(*(frame(DATA, 0, 1, b"x" * 10_000) for _ in range(5)))
    assert (WINDOW, 0, 0, number(50_000)) in said


def test_resets() -> None:
    talk = Talk()
    talk.open(1)
    assert talk.say(frame(RST, 0, 1, number(8)), frame(RST, 0, 1, number(8))) == []
    assert talk.told.cancelled == [1]
    assert not talk.session.streams


def test_pings() -> None:
    talk = Talk()
    assert talk.say(frame(PING, 0, 0, b"abcdefgh")) == [(PING, ACK, 0, b"abcdefgh")]
    assert talk.say(frame(PING, ACK, 0, b"abcdefgh")) == []


def test_streams_are_bounded() -> None:
    talk = Talk()
    for stream in (1, 3, 5):
        talk.open(stream)
    assert talk.say(talk.head(7)) == [reset(7, Code.REFUSED_STREAM)]
    talk.told.willing = False
    talk.say(frame(RST, 0, 1, number(8)))
    assert talk.say(talk.head(9)) == [reset(9, Code.REFUSED_STREAM)]


def test_heads_that_are_no_good_end_their_stream_only() -> None:
    talk = Talk()
    bad = [*GET[:2], (":path", "/a b"), GET[3]]
    assert talk.say(talk.head(1, base=bad)) == [reset(1, Code.PROTOCOL_ERROR)]
    assert talk.say(talk.head(3, ("x", "y" * 3000))) == []
    assert talk.say(frame(SETTINGS, ACK)) == []
    assert talk.say(talk.head(7, ("x", "z" * 3000))) == []
    assert talk.told.refused == [3, 7]
    assert talk.say(talk.head(9)) == []
    assert list(talk.told.heads) == [9]


def test_the_end_is_announced() -> None:
    talk = Talk()
    stream = talk.open(1)
    talk.session.drain()
    talk.session.drain()
    assert frames(talk.session.take()) == [(GOAWAY, 0, 0, number(1) + number(0))]
    said = talk.say(talk.head(3, flags=ENDED_HEAD), frame(DATA, 0, 3, b"a"))
    assert said[0] == reset(3, Code.REFUSED_STREAM)
    assert list(talk.told.heads) == [1]
    talk.session.answer(stream, [(b":status", b"200")], end=True)
    assert frames(talk.session.take())[0][0] == HEADERS


def test_the_client_goes() -> None:
    talk = Talk()
    assert talk.say(frame(GOAWAY, 0, 0, b"\0" * 8)) == []
    assert talk.session.closed


def test_nuisances_are_forgiven_slowly() -> None:
    talk = Talk()
    ping = frame(PING, 0, 0, b"abcdefgh")
    talk.say(ping * 20)
    talk.session.refill(1)
    talk.say(ping * 5)
    assert not talk.session.closed
    assert talk.say(ping)[-1] == (
        GOAWAY,
        0,
        0,
        number(0) + number(Code.ENHANCE_YOUR_CALM) + b"too many frames that ask for nothing",
    )
    assert talk.say(ping) == []  # nothing is heard any more


CALM = Code.ENHANCE_YOUR_CALM


@pytest.mark.parametrize(
    "said",
    [
        frame(DATA, 0, 9, b"a"),
        frame(DATA, PADDED, 1, b"\x05a"),
        frame(DATA, 0, 1, b"x" * 16385),
        frame(HEADERS, ENDED_HEAD, 2, b"\x82"),
        frame(HEADERS, ENDED_HEAD, 3, b"\xff\xff"),
        frame(HEADERS, 0, 3, b"") + frame(PING, 0, 0, b"8" * 8),
        frame(CONTINUATION, ENDED_HEAD, 1, b""),
        frame(SETTINGS, 0, 0, struct.pack(">HL", 4, 1 << 31)),
        frame(PUSH, ENDED_HEAD, 1, b"\0\0\0\2\x82"),
        frame(WINDOW, 0, 0, b"\x7f\xff\xff\xff"),
    ],
)
def test_what_ends_the_connection(said) -> None:
    talk = Talk()
    talk.open(1)
    assert talk.say(said)[-1][0] == GOAWAY
    assert talk.session.closed
    assert talk.say(frame(PING, 0, 0, b"8" * 8)) == []


@pytest.mark.parametrize(
    "flood",
    [
        frame(PING, 0, 0, b"8" * 8),
        frame(SETTINGS),
        frame(SETTINGS, ACK),
        frame(PRIORITY, 0, 1, b"12345"),
        frame(0xBE, 0, 0, b"whatever"),
        frame(DATA, 0, 1),
    ],
)
def test_floods(flood) -> None:
    talk = Talk()
    talk.open(1)
    *_, (kind, _, _, payload) = talk.say(flood * 30)
    assert (kind, payload[4:8]) == (GOAWAY, number(CALM))


def test_floods_of_continuations() -> None:
    for part in (b"", b"\x82" * 1000):
        talk = Talk()
        said = frame(HEADERS, 0, 1) + frame(CONTINUATION, 0, 1, part) * 70
        assert talk.say(said)[-1][0] == GOAWAY
        assert talk.session.closed


def test_rapid_resets() -> None:
    talk = Talk()
    said = []
    for stream in range(1, 101, 2):
        said += [talk.head(stream), frame(RST, 0, stream, number(8))]
    *_, (kind, _, _, payload) = talk.say(*said)
    assert (kind, payload[4:8]) == (GOAWAY, number(CALM))
    assert talk.told.heads == {}


def test_resets_of_what_is_under_way() -> None:
    talk = Talk()
    for stream in range(1, 41, 2):
        talk.say(talk.head(stream))
        assert talk.say(frame(RST, 0, stream, number(8))) == []
    assert talk.told.cancelled == list(range(1, 41, 2))
    talk.say(talk.head(41))
    *_, (kind, _, _, payload) = talk.say(frame(RST, 0, 41, number(8)))
    assert (kind, payload[4:8]) == (GOAWAY, number(CALM))
