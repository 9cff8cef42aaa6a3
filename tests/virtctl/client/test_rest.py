import http.server
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.fakes.canned import Answer, ApiServer, api_server, refused
from tests.fakes.certificates import authority
from virtctl.client.auth import Credentials
from virtctl.client.kubeconfig import Target
from virtctl.client.messages import Request
from virtctl.client.rest import Rest, redact, redact_body, unreachable
from virtctl.errors import ConfigError, Conflict, Unreachable


class Told:
    """Keeps lines."""

    def __init__(self, verbosity: int = 0) -> None:
        self.verbosity = verbosity
        self.lines: list[str] = []

    def line(self, text: str) -> None:
        self.lines.append(text)


RestAt = Callable[..., Rest]


@pytest.fixture
def rest_at() -> Iterator[RestAt]:
    with ExitStack() as stack:

        def make(server: str, told: Told | None = None, **target: object) -> Rest:
            found = Target(server)._replace(**target)  # type: ignore[arg-type]
            rest = Rest(Credentials(found, lambda *_: (0, b""), {}), told or Told(), {})
            stack.callback(rest.close)
            return rest

        yield make


def test_a_request_and_its_answer(rest_at: RestAt) -> None:
    with api_server() as server:
        server.on("PUT", "/x", {"a": 1})
        answer = rest_at(server.url).send(Request("PUT", "/x", {"q": "a b&c"}, {"k": 1}))
        assert answer.document() == {"a": 1}
        asked = server.asked[0]
        assert (asked.query, asked.body) == ({"q": "a b&c"}, {"k": 1})
        assert asked.headers["accept"] == "application/json, */*"
        assert asked.headers["user-agent"].startswith("virtctl/")


def test_one_connection_serves_all_requests(rest_at: RestAt) -> None:
    with api_server() as server:
        server.on("GET", "/x", {})
        rest = rest_at(server.url)
        rest.send(Request("GET", "/x"))
        first = rest._open
        rest.send(Request("GET", "/x"))
        assert rest._open is first
        assert first is not None
        assert first.sock is not None
        first.sock.shutdown(socket.SHUT_RDWR)  # as a server that is tired of waiting
        rest.send(Request("GET", "/x"))
        assert len(server.asked) == 3


def test_no_body_has_no_content_type(rest_at: RestAt) -> None:
    with api_server() as server:
        server.on("PUT", "/x", None)
        assert rest_at(server.url).send(Request("PUT", "/x")).json() is None
        assert "content-type" not in server.asked[0].headers


def test_a_refusal_is_an_error(rest_at: RestAt) -> None:
    with api_server() as server:
        server.on("PUT", "/x", refused(409, "Conflict", "no"))
        with pytest.raises(Conflict, match="no"):
            rest_at(server.url).send(Request("PUT", "/x"))


def test_the_servers_own_path_comes_first(rest_at: RestAt) -> None:
    with api_server() as server:
        server.on("GET", "/k8s/c1/x", {})
        rest_at(f"{server.url}/k8s/c1").send(Request("GET", "/x"))
        assert server.calls == ["GET /k8s/c1/x"]


def test_warnings_are_told(rest_at: RestAt) -> None:
    told = Told()
    with api_server() as server:
        server.on("GET", "/x", Answer(body={}, headers={"Warning": '299 - "old"'}))
        rest_at(server.url, told).send(Request("GET", "/x"))
    assert told.lines == ["Warning: old"]


def test_verbosity_shows_requests_but_no_secrets(rest_at: RestAt, tmp_path: Path) -> None:
    told = Told(9)
    made = authority()
    with api_server(made.server_context(tmp_path)) as server:
        server.on("GET", "/x", {"answer": 42})
        rest = rest_at(server.url, told, certificate_authority=made.ca, token="secret")
        rest.send(Request("GET", "/x", body={"question": 6}))
    text = "\n".join(told.lines)
    assert f"GET {server.url}/x 200 OK in" in text
    assert "Authorization: Bearer <masked>" in text
    assert '"question": 6' in text
    assert '"answer": 42' in text
    assert "secret" not in text
    assert redact("X", "y") == "y"


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b"plain", "plain"),
        (b'{"kind":"ConfigMap","data":{"a":"b"}}', '{"kind":"ConfigMap","data":{"a":"b"}}'),
        (
            b'{"kind":"Secret","data":{"a":"hidden"},"stringData":{"b":"hidden"}}',
            '{"kind": "Secret", "data": {"a": "<masked>"}, "stringData": {"b": "<masked>"}}',
        ),
        (
            b'{"kind":"SecretList","items":[{"data":{"a":"hidden"}}]}',
            '{"kind": "SecretList", "items": [{"data": {"a": "<masked>"}}]}',
        ),
        (b'{"status":{"token":"hidden"}}', '{"status": {"token": "<masked>"}}'),
    ],
)
def test_bodies_are_shown_without_secrets(body: bytes, shown: str) -> None:
    assert redact_body(body) == shown


def test_streams_come_line_by_line(rest_at: RestAt) -> None:
    with api_server() as server:
        server.on("GET", "/x", Answer(lines=[{"n": 1}, {"n": 2}]))
        server.on("GET", "/no", refused(410, "Expired", "too old"))
        rest = rest_at(server.url)
        assert list(rest.lines(Request("GET", "/x"))) == [b'{"n": 1}\n', b'{"n": 2}\n']
        assert b"".join(rest.chunks(Request("GET", "/x"))) == b'{"n": 1}\n{"n": 2}\n'
        with pytest.raises(Exception, match="too old"):
            list(rest.lines(Request("GET", "/no")))


def test_tls_with_certificates(rest_at: RestAt, tmp_path: Path) -> None:
    made = authority()
    with api_server(made.server_context(tmp_path)) as server:
        server.on("GET", "/x", {})
        ours = {"client_certificate": made.client.certificate, "client_key": made.client.key}
        rest_at(server.url, certificate_authority=made.ca, **ours).send(Request("GET", "/x"))
        assert server.asked[0].headers["x-client"] == "jane"
        rest_at(server.url, certificate_authority=made.ca, tls_server_name="api.test").send(
            Request("GET", "/x")
        )
        rest_at(server.url, insecure=True).send(Request("GET", "/x"))
        wrong = rest_at(server.url, certificate_authority=made.ca, tls_server_name="other.test")
        with pytest.raises(Unreachable, match="not trusted"):
            wrong.send(Request("GET", "/x"))


def test_nobody_answers(rest_at: RestAt) -> None:
    with pytest.raises(Unreachable, match=r"nothing answers at http://127\.0\.0\.1:1"):
        rest_at("http://127.0.0.1:1").send(Request("GET", "/x"))
    with pytest.raises(Unreachable, match="connection refused"):
        rest_at("unix:///no/such/socket").send(Request("GET", "/x"))
    with pytest.raises(ConfigError, match="not an http"):
        rest_at("ftp://x").send(Request("GET", "/x"))


@pytest.mark.parametrize(
    ("server", "here"),
    [
        ("https://127.0.0.1:6443", True),
        ("https://[::1]:6443", True),
        ("unix:///run/api.sock", True),
        ("https://10.0.0.1:6443", False),
    ],
)
def test_the_hint_tells_how_this_machine_s_cluster_is_started(server: str, here: bool) -> None:
    said = unreachable(server, ConnectionRefusedError(), 5).hint
    assert said is not None
    assert ("`virtctl local up`" in said) is here
    assert "the right context" in said


def test_a_slow_server_runs_into_the_limit(rest_at: RestAt) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        rest = rest_at(f"http://127.0.0.1:{silent.getsockname()[1]}", timeout=0.05)
        with pytest.raises(Unreachable, match=r"did not answer within 0\.05 s"):
            rest.send(Request("GET", "/x"))


def test_unix_sockets(rest_at: RestAt, tmp_path: Path) -> None:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *args: object) -> None:
            pass

        def address_string(self) -> str:
            return "unix"

    class Server(http.server.HTTPServer):
        address_family = socket.AF_UNIX

        def server_bind(self) -> None:
            self.socket.bind(self.server_address)

    path = tmp_path / "s"
    server = Server(str(path), Handler)  # type: ignore[arg-type]
    thread = threading.Thread(target=server.handle_request)
    thread.start()
    assert rest_at(f"unix://{path}").send(Request("GET", "/x")).document() == {}
    thread.join()
    server.server_close()


def test_a_renewed_credential_is_tried_once(rest_at: RestAt) -> None:
    with api_server() as server:
        server.on("GET", "/x", refused(401, "Unauthorized", "no"), {})
        rest = rest_at(server.url)
        rest.credentials._issued = {"token": "old"}
        assert rest.send(Request("GET", "/x")).code == 200


def test_proxies_are_tunnelled_through(tmp_path: Path) -> None:
    made = authority()
    with api_server(made.server_context(tmp_path)) as server, _proxy() as (url, asked):
        server.on("GET", "/x", {})
        target = Target(
            server.url, certificate_authority=made.ca, proxy_url=url.replace("//", "//me:pw@")
        )
        rest = Rest(Credentials(target, lambda *_: (0, b""), {}), Told(), {})
        rest.send(Request("GET", "/x"))
        rest.close()
    assert asked[0].startswith(f"CONNECT {server.url.removeprefix('https://')} HTTP/1.")
    assert "Proxy-Authorization: Basic bWU6cHc=" in asked[0]


class _proxy:  # noqa: N801 - used as a function
    """A CONNECT proxy for one connection."""

    def __enter__(self) -> tuple[str, list[str]]:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.asked: list[str] = []
        self.thread = threading.Thread(target=self._serve)
        self.thread.start()
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}", self.asked

    def _serve(self) -> None:
        client, _ = self.listener.accept()
        head = b""
        while b"\r\n\r\n" not in head:
            head += client.recv(4096)
        self.asked.append(head.decode())
        host, _, port = head.split()[1].decode().partition(":")
        far = socket.create_connection((host, int(port)))
        client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        back = threading.Thread(target=_copy, args=(far, client))
        back.start()
        _copy(client, far)
        back.join()
        far.close()
        client.close()

    def __exit__(self, *_: object) -> None:
        self.thread.join()
        self.listener.close()


def _copy(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        return


def test_a_server_of_canned_answers_is_an_api_server() -> None:
    assert isinstance(ApiServer("http://x").find("GET", "/"), Answer)
