import io
import socket
import threading

import pytest

from tests.fakes.canned import Answer, api_server
from virtctl.client.transfer import Server, Trust
from virtctl.errors import ConfigError, Unreachable


def server(**trust: bool) -> Server:
    return Server({}, Trust(**trust))


def test_get() -> None:
    with api_server() as api:
        api.on("GET", "/x", b"a" * 600_000, Answer(404, "nothing here"))
        with server().get(f"{api.url}/x?q=1", {"X-Token": "t"}) as incoming:
            assert (incoming.code, incoming.length) == (200, 600_000)
            assert b"".join(incoming.chunks()) == b"a" * 600_000
        with server().get(f"{api.url}/x", {}) as incoming:
            assert (incoming.code, incoming.text()) == (404, "nothing here")
        assert (api.asked[0].query, api.asked[0].headers["x-token"]) == ({"q": "1"}, "t")


def test_head_and_post() -> None:
    with api_server() as api:
        api.on("HEAD", "/x", Answer(204))
        api.on("POST", "/x", Answer(409, "busy"))
        assert server().head(f"{api.url}/x", {}) == 204
        headers = {"Content-Type": "application/octet-stream", "Content-Length": "4"}
        reply = server().post(f"{api.url}/x", headers, io.BytesIO(b"data"))
        assert (reply.code, reply.reason, reply.text) == (409, "Conflict", "busy")
        assert api.asked[-1].body == b"data"


def serve_once(listener: socket.socket, answer: bytes, read: int) -> threading.Thread:
    def work() -> None:
        client, _ = listener.accept()
        with client:
            client.recv(read)
            client.sendall(answer)

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_an_answer_before_the_end_counts() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        answer = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 3\r\n\r\nno!"
        thread = serve_once(listener, answer, 65536)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/x"
        headers = {"Content-Length": str(30_000_000)}
        try:
            reply = server().post(url, headers, io.BytesIO(b"x" * 30_000_000))
        except Unreachable as error:  # the kernel threw the answer away with the connection
            assert "reset" in str(error) or "pipe" in str(error)  # noqa: PT017
        else:
            assert (reply.code, reply.text) == (401, "no!")
        thread.join()


def test_a_download_that_breaks_off() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = serve_once(listener, b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", 4096)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/x"
        broken = pytest.raises(Unreachable, match="broke off")
        with server().get(url, {}) as incoming, broken:
            list(incoming.chunks())
        thread.join()


def test_what_is_not_there() -> None:
    with pytest.raises(ConfigError, match="`ftp://x` is not an http or https URL"):
        server().head("ftp://x", {})
    with pytest.raises(Unreachable, match="nothing answers at"):
        server().head("http://127.0.0.1:1/x", {})
