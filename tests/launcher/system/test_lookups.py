"""Name servers that answer, refuse, and are not there."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from launcher.system import lookups


@contextmanager
def server(code: int) -> Iterator[int]:
    """A server that answers each query with a code; its port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as channel:
        channel.bind(("127.0.0.1", 0))

        def serve() -> None:
            while True:
                query, source = channel.recvfrom(512)
                if query == b"end":
                    return
                channel.sendto(query[:2] + bytes([0x81, 0x80 | code]) + query[4:], source)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield channel.getsockname()[1]
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
                last.sendto(b"end", channel.getsockname())
            thread.join()


@pytest.mark.parametrize(("code", "fine"), [(0, True), (3, True), (2, False), (5, False)])
def test_an_answer_says_something(code: int, fine: bool) -> None:
    with server(code) as port:
        assert lookups.answers(["127.0.0.1"], 60 if fine else 0.05, port) == fine


def test_one_of_several_is_enough_and_none_is_not() -> None:
    with server(0) as port:
        assert lookups.answers(["256.1.1.1", "127.0.0.1"], 60, port)
    assert not lookups.answers([], 60)


def test_the_hosts_servers(tmp_path: Path) -> None:
    path = tmp_path / "resolv.conf"
    assert lookups.servers(path) == ()
    path.write_text("search a\nnameserver 10.0.0.1\nnameserver\nnameserver fd00::1\n")
    assert lookups.servers(path) == ("10.0.0.1", "fd00::1")
