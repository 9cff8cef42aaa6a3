from collections.abc import Iterator

import pytest

from tests.fakes.canned import KUBEVIRT, ApiServer, api_server, refused, vm
from tests.fakes.env import Ran, virtctl
from virtctl.manifests.credentials import encoded

SECRETS = "/api/v1/namespaces/default/secrets"


def access(secret: str) -> dict[str, object]:
    method = {"qemuGuestAgent": {"users": ["ann"]}}
    return {
        "sshPublicKey": {"source": {"secret": {"secretName": secret}}, "propagationMethod": method}
    }


def secret(name: str, *, owned: bool = True) -> dict[str, object]:
    owners = [{"uid": "vm-web"}] if owned else []
    data = {"k": encoded("ssh-rsa A\nssh-rsa B")}
    return {"metadata": {"name": name, "ownerReferences": owners}, "data": data}


@pytest.fixture
def server() -> Iterator[ApiServer]:
    with api_server() as made:
        spec = {"template": {"spec": {"accessCredentials": [access("s1"), access("s2")]}}}
        made.object(f"{KUBEVIRT}/virtualmachines/web", {**vm(), "spec": spec})
        for name in ("s1", "s2"):
            made.object(f"{SECRETS}/{name}", secret(name))
            made.on("PUT", f"{SECRETS}/{name}", {})
        yield made


def remove(server: ApiServer, *words: str, user: str = "ann") -> Ran:
    words = ("web", "-u", user, "--value", "ssh-rsa A", *words)
    return virtctl("credentials", "remove-ssh-key", *words, server=server.url)


def test_removed_everywhere_or_from_one(server: ApiServer) -> None:
    ran = remove(server)
    assert (ran.code, ran.out) == (0, "")
    assert [where for where, _ in server.writes] == [f"PUT {SECRETS}/s1", f"PUT {SECRETS}/s2"]
    assert isinstance(server.writes[0][1], dict)
    assert server.writes[0][1]["data"] == {"k": encoded("ssh-rsa B")}
    remove(server, "--secret", "s2")
    assert server.writes[2][0] == f"PUT {SECRETS}/s2"


def test_tried_again_after_a_conflict(server: ApiServer) -> None:
    conflict = refused(409, "Conflict", "modified meanwhile")
    server.on("PUT", f"{SECRETS}/s1", conflict, {})
    assert remove(server).code == 0
    server.on("PUT", f"{SECRETS}/s1", conflict)
    assert "cannot remove the key from VM web: modified meanwhile" in remove(server).err


def test_nothing_to_do_and_not_ours(server: ApiServer) -> None:
    assert remove(server, user="bob").out == "No secrets associated with user bob\n"
    server.object(f"{SECRETS}/s1", secret("s1", owned=False))
    assert "secret s1 has no owner" in remove(server).err
    assert remove(server, "--force").code == 0


def test_an_empty_key_is_refused() -> None:
    ran = virtctl("credentials", "remove-ssh-key", "web", "-u", "ann", "--value", " ")
    assert (ran.code, "the key is empty" in ran.err) == (2, True)


def test_a_secret_that_is_not_there_is_passed_over(server: ApiServer) -> None:
    gone = refused(404, "NotFound", "not there")
    server.on("GET", f"{SECRETS}/s1", gone)
    server.on("PUT", f"{SECRETS}/s2", gone)
    assert (remove(server).code, remove(server).err) == (0, "")
    assert {where for where, _ in server.writes} == {f"PUT {SECRETS}/s2"}
