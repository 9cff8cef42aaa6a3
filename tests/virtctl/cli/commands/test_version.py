import json

from tests.fakes.canned import api_server
from tests.fakes.env import virtctl
from virtctl.client.subresources import ROOT


def test_the_client_needs_no_cluster() -> None:
    ran = virtctl("version", "--client")
    assert ran.code == 0
    assert ran.out.startswith('Client Version: version.Info{GitVersion:"v')


def test_both() -> None:
    with api_server() as server:
        server.object(f"{ROOT}/version", {"gitVersion": "v1.9.0"})
        ran = virtctl("version", server=server.url)
        assert 'Server Version: version.Info{GitVersion:"v1.9.0"' in ran.out
        ran = virtctl("version", "-o", "json", server=server.url)
    assert json.loads(ran.out)["serverVersion"] == {"gitVersion": "v1.9.0"}


def test_without_a_server_the_client_is_still_told() -> None:
    ran = virtctl("version", server="http://127.0.0.1:1")
    assert ran.code == 1
    assert "Client Version" in ran.out
