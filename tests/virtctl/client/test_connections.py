import http.client
import subprocess
import sys

import pytest

from virtctl.client.connections import (
    NamedTlsConnection,
    PlainConnection,
    UnixConnection,
    Wish,
    connection_to,
    socket_path,
)
from virtctl.client.kubeconfig import Target
from virtctl.client.tls import context_for
from virtctl.errors import ConfigError


def kind(target: Target, environ: dict[str, str] | None = None) -> http.client.HTTPConnection:
    secure = target.server.startswith("https:")
    context = context_for(target._replace(insecure=True), b"", b"") if secure else None
    return connection_to(target, environ or {}, Wish(context, 5))


def test_by_scheme() -> None:
    assert isinstance(kind(Target("unix:///run/s")), UnixConnection)
    assert isinstance(kind(Target("https://x")), NamedTlsConnection)
    plain = kind(Target("http://x"))
    assert (type(plain), plain.port) == (PlainConnection, 80)
    assert kind(Target("https://x:6443")).port == 6443


@pytest.mark.parametrize("server", ["ftp://x", "https://", "x"])
def test_other_urls(server: str) -> None:
    with pytest.raises(ConfigError, match="is not an http, https or unix URL"):
        connection_to(Target(server), {}, Wish(None, 5))


def test_through_a_proxy() -> None:
    found = kind(Target("https://x:6443", proxy_url="http://p:3128"))
    assert (found.host, found.port) == ("p", 3128)


def test_paths_of_sockets() -> None:
    assert socket_path("unix:///run/a%20b") == socket_path("unix:/run/a b") == "/run/a b"


def test_names_are_not_taken_for_international_ones() -> None:
    program = (
        "import sys\n"
        "from virtctl.client.connections import Wish, connection_to\n"
        "from virtctl.client.kubeconfig import Target\n"
        "try:\n"
        "    connection_to(Target('http://127.0.0.1:1'), {}, Wish(None, 1)).connect()\n"
        "except ConnectionRefusedError:\n"
        "    print('encodings.idna' in sys.modules)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert ran.stdout == "False\n"
