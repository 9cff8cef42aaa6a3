from collections.abc import Iterator

import pytest

from tests.fakes.canned import KUBEVIRT, ApiServer, api_server, refused, vm
from tests.fakes.env import Ran, virtctl
from virtctl.manifests.credentials import encoded

SECRET = "/api/v1/namespaces/default/secrets/p1"


@pytest.fixture
def server() -> Iterator[ApiServer]:
    given = {
        "source": {"secret": {"secretName": "p1"}},
        "propagationMethod": {"qemuGuestAgent": {}},
    }
    with api_server() as made:
        spec = {"template": {"spec": {"accessCredentials": [{"userPassword": given}]}}}
        made.object(f"{KUBEVIRT}/virtualmachines/web", {**vm(), "spec": spec})
        made.object(f"{KUBEVIRT}/virtualmachines/plain", vm("plain"))
        made.object(SECRET, {"metadata": {"name": "p1", "ownerReferences": [{"uid": "vm-web"}]}})
        made.on("PATCH", SECRET, {})
        yield made


def set_password(server: ApiServer, name: str, *words: str) -> Ran:
    words = (name, "-u", "ann", "-p", "secret", *words)
    return virtctl("credentials", "set-password", *words, server=server.url)


def test_set(server: ApiServer) -> None:
    assert set_password(server, "web").out == 'Successfully set password in secret "p1"\n'
    patch = [{"op": "add", "path": "/data/ann", "value": encoded("secret")}]
    assert server.writes == [(f"PATCH {SECRET}", patch)]


def test_refused(server: ApiServer) -> None:
    assert "no secrets assigned to UserPassword" in set_password(server, "plain").err
    server.object(SECRET, {"metadata": {"name": "p1"}})
    assert "secret p1 has no owner" in set_password(server, "web").err
    assert set_password(server, "web", "--force").code == 0


def test_a_secret_without_data_gets_some(server: ApiServer) -> None:
    server.on("PATCH", SECRET, refused(422, "Invalid", "there is no /data"), {})
    assert set_password(server, "web").code == 0
    (_, patch) = server.writes[-1]
    assert isinstance(patch, list)
    assert [step["path"] for step in patch] == ["/data", "/data", "/data/ann"]
    server.on("PATCH", SECRET, refused(403, "Forbidden", "not for you"))
    assert "cannot set the password in VM web: not for you" in set_password(server, "web").err
