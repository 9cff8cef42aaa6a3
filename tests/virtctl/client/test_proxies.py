import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from virtctl.client.kubeconfig import Target
from virtctl.client.proxies import parse_proxy, proxy_for, socks
from virtctl.errors import ConfigError

FAR = Target("https://api.example.com:6443")


def test_the_kubeconfigs_proxy_wins() -> None:
    target = FAR._replace(proxy_url="http://p:3128")
    found = proxy_for(target, {"HTTPS_PROXY": "http://other"})
    assert found is not None
    assert (found.host, found.port) == ("p", 3128)


def test_the_environments() -> None:
    found = proxy_for(FAR, {"https_proxy": "p:8080"})
    assert found is not None
    assert (found.host, found.port, found.authorization) == ("p", 8080, "")
    assert proxy_for(FAR, {"HTTP_PROXY": "http://p"}) is None
    assert proxy_for(Target("unix:///s"), {"HTTPS_PROXY": "http://p"}) is None


@pytest.mark.parametrize(
    "entry", ["*", "api.example.com", ".example.com", "example.com", "api.example.com:6443"]
)
def test_no_proxy(entry: str) -> None:
    assert proxy_for(FAR, {"HTTPS_PROXY": "http://p", "NO_PROXY": f"x, {entry}"}) is None


@pytest.mark.parametrize("entry", ["ample.com", "10.0.0.0/8", "api.example.com:443"])
def test_not_no_proxy(entry: str) -> None:
    assert proxy_for(FAR, {"HTTPS_PROXY": "http://p", "NO_PROXY": entry}) is not None


@pytest.mark.parametrize("server", ["https://127.0.0.1:1", "https://localhost", "https://[::1]:1"])
def test_this_machine_needs_none(server: str) -> None:
    assert proxy_for(Target(server), {"HTTPS_PROXY": "http://p"}) is None


def test_networks_of_no_proxy() -> None:
    environ = {"HTTPS_PROXY": "http://p", "NO_PROXY": "10.0.0.0/8"}
    assert proxy_for(Target("https://10.1.2.3:6443"), environ) is None


def test_credentials_and_refusals() -> None:
    assert parse_proxy("http://me:p%40ss@h:1").authorization == "Basic bWU6cEBzcw=="
    for wrong in ("ftp://x:1", "http://", "socks5://x:port"):
        with pytest.raises(ConfigError, match="must be one of http, https, socks5"):
            parse_proxy(wrong)


@pytest.mark.parametrize(
    ("text", "scheme", "port"),
    [("https://p", "https", 443), ("socks5://p", "socks5", 1080), ("socks5h://p:9", "socks5h", 9)],
)
def test_kinds(text: str, scheme: str, port: int) -> None:
    proxy = parse_proxy(text)
    assert (proxy.scheme, proxy.host, proxy.port) == (scheme, "p", port)


def answer(client: socket.socket, script: list[tuple[int, bytes]], heard: list[bytes]) -> None:
    """Read so many bytes, then say this; keep what was read."""
    with client:
        for count, said in script:
            data = b""
            while len(data) < count:
                data += client.recv(count - len(data))
            heard.append(data)
            client.sendall(said)


@contextmanager
def one_client(script: list[tuple[int, bytes]]) -> Iterator[tuple[int, list[bytes]]]:
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=lambda: answer(listener.accept()[0], script, heard))
        thread.start()
        yield listener.getsockname()[1], heard
        thread.join()


CONNECTED = b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00"


def test_socks() -> None:
    with one_client([(3, b"\x05\x00"), (5 + 4 + 2, CONNECTED)]) as (port, heard):
        socks(parse_proxy(f"socks5://127.0.0.1:{port}"), "host", 443, 5).close()
    assert heard == [b"\x05\x01\x00", b"\x05\x01\x00\x03\x04host\x01\xbb"]


def test_socks_with_a_password_and_refused() -> None:
    script = [(4, b"\x05\x02"), (8, b"\x01\x00"), (11, b"\x05\x02\x00\x01")]
    with one_client(script) as (port, heard):
        proxy = parse_proxy(f"socks5://me:pas@127.0.0.1:{port}")
        with pytest.raises(OSError, match="not allowed by its rules"):
            socks(proxy, "host", 443, 5)
    assert heard[1] == b"\x01\x02me\x03pas"


def test_socks_with_a_wrong_password() -> None:
    with one_client([(4, b"\x05\x02"), (8, b"\x01\x01")]) as (port, _):
        proxy = parse_proxy(f"socks5://me:pas@127.0.0.1:{port}")
        with pytest.raises(OSError, match="did not accept"):
            socks(proxy, "host", 443, 5)


def test_an_answer_that_ends() -> None:
    broken = pytest.raises(OSError, match="closed the connection")
    with one_client([(3, b"\x05")]) as (port, _), broken:
        socks(parse_proxy(f"socks5://127.0.0.1:{port}"), "host", 443, 5)
