"""The upload proxy, over real TLS."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fakes.disks import MIB, convert, create, digest, write_raw
from virtctl.local import pki
from virtctl.local.imports.job import FAILED, SUCCEEDED, Desk, Job, Source
from virtctl.local.imports.proxy import Proxy
from virtctl.local.imports.tokens import Grant, Tokens


@dataclass
class Served:
    root: Path
    port: int
    tokens: Tokens
    context: ssl.SSLContext

    def offer(self, name: str = "dv1") -> tuple[Desk, Path]:
        target = self.root / name / "disk.img"
        target.parent.mkdir(exist_ok=True)
        desk = Desk(self.root / f"uid-{name}")
        source = Source(kind="upload")
        desk.offer(Job(name=f"x/{name}", target=str(target), capacity=16 * MIB, source=source))
        return desk, target

    def token(self, name: str = "dv1") -> str:
        grant = Grant(namespace="x", name=name, uid=f"uid-{name}")
        return self.tokens.issue(grant, time.time())

    def ask(
        self, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> tuple[int, str, dict[str, str]]:
        named = {"Authorization": f"Bearer {self.token()}"}
        named |= {name.replace("_", "-"): value for name, value in headers.items()}
        named = {name: value for name, value in named.items() if value}
        connection = http.client.HTTPSConnection(
            "127.0.0.1", self.port, context=self.context, timeout=60
        )
        try:
            connection.request(method, path, body, named)
            answer = connection.getresponse()
            return answer.status, answer.read().decode(), dict(answer.getheaders())
        finally:
            connection.close()


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> pki.Pki:
    return pki.ensure(tmp_path_factory.mktemp("pki"), ("127.0.0.1",))


@pytest.fixture
def served(tmp_path: Path, keys: pki.Pki) -> Iterator[Served]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(keys.server, keys.server_key)
    listener = socket.create_server(("127.0.0.1", 0))
    tokens = Tokens(b"key")
    with Proxy(listener, tmp_path, tokens, context) as proxy:
        thread = threading.Thread(target=proxy.serve_until_idle, args=(60.0, 0.05))
        thread.start()
        trusting = ssl.create_default_context(cafile=str(keys.ca))
        yield Served(tmp_path, listener.getsockname()[1], tokens, trusting)
        proxy.retire()
        thread.join()


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    return write_raw(tmp_path / "raw")


@pytest.mark.parametrize("path", ["/v1beta1/upload", "/v1beta1/upload-async"])
def test_an_image_is_uploaded(served: Served, raw: Path, path: str) -> None:
    desk, target = served.offer()
    assert served.ask("POST", path, gzip.compress(raw.read_bytes()))[0] == 200
    while desk.state().phase != SUCCEEDED:
        time.sleep(0.01)
    assert digest(target) == digest(raw)
    assert target.stat().st_size == 16 * MIB
    assert served.ask("POST", path, b"again")[0] == 503


def test_a_form_is_uploaded(served: Served, raw: Path) -> None:
    _, target = served.offer()
    head = b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\n'
    body = head + raw.read_bytes() + b"\r\n--b--\r\n"
    kind = "multipart/form-data; boundary=b"
    assert served.ask("POST", "/v1beta1/upload-form", body, Content_Type=kind)[0] == 200
    assert digest(target) == digest(raw)


def test_only_asynchronous_uploads_are_announced(served: Served) -> None:
    served.offer()
    codes = {
        path: served.ask("HEAD", f"/v1beta1/{path}")[0]
        for path in ("upload", "upload-async", "upload-form", "other")
    }
    assert codes == {"upload": 404, "upload-async": 200, "upload-form": 404, "other": 404}


def test_who_may_upload(served: Served) -> None:
    served.offer()
    path = "/v1beta1/upload"
    assert served.ask("POST", path, b"x", Authorization="")[0] == 400
    assert served.ask("POST", path, b"x", Authorization="Basic x")[0] == 400
    assert served.ask("POST", path, b"x", Authorization="Bearer x.y.z")[0] == 401
    other = f"Bearer {served.token('dv2')}"
    code, text, _ = served.ask("POST", path, b"x", Authorization=other)
    assert (code, text) == (503, "the claim x/dv2 waits for no upload")


def test_a_refused_image_is_told_and_may_be_followed_by_another(served: Served, raw: Path) -> None:
    desk, target = served.offer()
    code, text, _ = served.ask("POST", "/v1beta1/upload", bytes(17 * MIB))
    assert code == 400
    assert "larger than the reported available storage" in text
    assert desk.state().phase == FAILED
    assert not target.exists()
    served.offer()
    assert served.ask("POST", "/v1beta1/upload", raw.read_bytes())[0] == 200


@pytest.mark.parametrize(
    ("lie", "said"),
    [
        ("data file", "keeps its data in another file"),
        ("backing file", "has a backing file"),
        ("size", "larger than the reported available storage"),
        ("cut", "damaged"),
    ],
)
def test_an_image_that_lies_is_refused(
    served: Served, raw: Path, tmp_path: Path, lie: str, said: str
) -> None:
    desk, target = served.offer()
    options = {
        "data file": ("-o", f"data_file={tmp_path}/elsewhere,data_file_raw=on"),
        "backing file": ("-b", str(raw), "-F", "raw"),
    }.get(lie, ())
    image = create(tmp_path / "image", "8M", "-f", "qcow2", *options)
    if lie == "cut":
        image = convert(raw, tmp_path / "whole", "qcow2")
    data = bytearray(image.read_bytes())
    if lie == "size":
        data[24:32] = (1 << 63).to_bytes(8, "big")
    if lie == "cut":
        del data[len(data) // 2 :]
    code, text, _ = served.ask("POST", "/v1beta1/upload", bytes(data))
    assert (code, said in text) == (400, True), text
    assert desk.state().phase == FAILED
    assert not target.exists()


def test_two_at_once_are_one_too_many(served: Served) -> None:
    desk, _ = served.offer()
    with desk.turn():
        code, text, _ = served.ask("POST", "/v1beta1/upload", b"x")
    assert (code, "under way" in text) == (503, True)


def test_browsers_may_ask(served: Served) -> None:
    code, _, headers = served.ask(
        "OPTIONS", "/v1beta1/upload", Authorization="", Origin="https://console",
        Access_Control_Request_Headers="authorization",
    )  # fmt: skip
    assert code == 204
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert headers["Access-Control-Allow-Headers"] == "authorization"
    assert served.ask("GET", "/healthz", Authorization="")[:2] == (200, "OK")


def test_an_upload_that_breaks_off_leaves_nothing(served: Served) -> None:
    desk, target = served.offer()
    plain = socket.create_connection(("127.0.0.1", served.port))
    with served.context.wrap_socket(plain, server_hostname="127.0.0.1") as secure:
        secure.sendall(
            b"POST /v1beta1/upload HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n"
            + f"Authorization: Bearer {served.token()}\r\n\r\n".encode()
            + bytes(1000)
        )
    while desk.state().phase != FAILED:
        time.sleep(0.01)
    assert not target.exists()


def test_strangers_to_tls_do_no_harm(served: Served) -> None:
    with socket.create_connection(("127.0.0.1", served.port)) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\n\r\n")
        plain.settimeout(60)
        with contextlib.suppress(ConnectionResetError):
            plain.recv(100)
    assert served.ask("GET", "/healthz", Authorization="")[0] == 200


def test_a_proxy_that_nobody_needs_ends(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with Proxy(socket.create_server(("127.0.0.1", 0)), tmp_path, Tokens(b"key"), context) as proxy:
        proxy.serve_until_idle(0.0, 0.01)
        assert proxy.fileno() >= 0
