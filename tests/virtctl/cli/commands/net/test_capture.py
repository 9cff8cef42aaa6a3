import pytest

from tests.fakes.env import virtctl
from tests.virtctl.cli.commands.net.test_explain import NETWORK, server

__all__ = ["server"]
CAPTURE = NETWORK.replace("/network", "/capture")


@pytest.mark.parametrize(
    ("hop", "scope", "link"),
    [("", "pod", "tap0"), ("br1", "node", "br1"), ("node/eth0", "node", "eth0")],
)
def test_where_to_listen(server, tmp_path, hop, scope, link) -> None:
    server.on("GET", CAPTURE, {"some": "bytes"})
    words = ["--hop", hop] if hop else []
    file = tmp_path / "x.pcap"
    ran = virtctl("net", "capture", "web", *words, "-w", str(file), server=server.url)
    assert (ran.code, file.read_bytes()) == (0, b'{"some": "bytes"}')
    assert f"listening on {link} of the {scope}" in ran.err
    assert server.asked[-1].query == {"scope": scope, "link": link}


def test_where_nobody_can(server) -> None:
    ran = virtctl("net", "capture", "web", "--hop", "moon", server=server.url)
    assert ran.code == 2
    assert "pod/tap0" in ran.err
    server.on("GET", NETWORK, *[])
    ran = virtctl("net", "capture", "web", server=server.url)
    assert "kubectl debug" in ran.err
