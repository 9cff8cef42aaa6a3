from collections.abc import Iterator

import pytest

from tests.fakes.canned import KUBEVIRT, ApiServer, api_server, refused, vm, vmi
from tests.fakes.env import Ran, virtctl
from virtctl.manifests.credentials import encoded

VM = f"{KUBEVIRT}/virtualmachines/web"
SECRETS = "/api/v1/namespaces/default/secrets"


def machine(*secrets: str) -> dict[str, object]:
    access = [
        {
            "sshPublicKey": {
                "source": {"secret": {"secretName": name}},
                "propagationMethod": {"qemuGuestAgent": {"users": ["ann"]}},
            }
        }
        for name in secrets
    ]
    return {**vm(), "spec": {"template": {"spec": {"accessCredentials": access}}}}


def secret(name: str, *, owned: bool = True, **data: str) -> dict[str, object]:
    owners = [{"uid": "vm-web"}] if owned else []
    return {"metadata": {"name": name, "ownerReferences": owners}, "data": data}


@pytest.fixture
def server() -> Iterator[ApiServer]:
    with api_server() as made:
        made.object(VM, machine())
        made.on("POST", SECRETS, {"metadata": {"name": "web-ssh-key-1"}})
        made.on("PATCH", VM, {})
        yield made


def add(server: ApiServer, *words: str) -> Ran:
    words = ("web", "-u", "ann", "--value", "ssh-rsa A", *words)
    return virtctl("credentials", "add-ssh-key", *words, server=server.url)


def test_a_new_secret_is_made_and_assigned(server: ApiServer) -> None:
    assert add(server).out == ""
    (_, made), (where, patch) = server.writes
    assert isinstance(made, dict)
    assert made["metadata"]["generateName"] == "web-ssh-key-"
    assert made["data"] == {"ssh-key-bcdfgh": encoded("ssh-rsa A")}
    assert where == f"PATCH {VM}"
    assert isinstance(patch, list)
    assert patch[0]["value"]["sshPublicKey"]["source"] == {
        "secret": {"secretName": "web-ssh-key-1"}
    }


def test_the_list_is_made_when_there_is_none(server: ApiServer) -> None:
    server.on("PATCH", VM, refused(422, "Invalid", "no such path"), {})
    assert add(server).code == 0
    assert [len(body) for _, body in server.writes if isinstance(body, list)] == [1, 3]
    server.on("PATCH", VM, refused(422, "Invalid", "no such path"))
    assert "cannot add the key to VM web: no such path" in add(server).err


def test_a_running_machine_needs_force(server: ApiServer) -> None:
    server.object(f"{KUBEVIRT}/virtualmachineinstances/web", vmi())
    ran = add(server)
    assert "virtual machine web is running\nhint: --force" in ran.err
    assert server.writes == []
    assert add(server, "--force").code == 0
    server.object(f"{KUBEVIRT}/virtualmachineinstances/web", vmi(phase="Succeeded"))
    assert add(server).code == 0


def test_an_assigned_secret_is_used(server: ApiServer) -> None:
    server.object(VM, machine("s1"))
    server.object(f"{SECRETS}/s1", secret("s1"))
    server.on("PATCH", f"{SECRETS}/s1", {})
    assert add(server).out == 'Successfully added the key to secret "s1"\n'
    value = encoded("ssh-rsa A")
    assert server.writes[0][1] == [{"op": "add", "path": "/data/ssh-key-bcdfgh", "value": value}]
    server.object(f"{SECRETS}/s1", secret("s1", k=value))
    assert add(server).out == 'Secret "s1" already contains this SSH key.\n'
    server.object(f"{SECRETS}/s1", secret("s1", owned=False))
    assert "no owner reference" in add(server).err
    assert add(server, "--force").code == 0


def test_which_secret(server: ApiServer) -> None:
    assert "no secrets specified for user: ann" in add(server, "--update-secret").err
    server.object(VM, machine("s1", "s2"))
    assert "multiple secrets specified" in add(server).err
    assert "secret s3 was not assigned" in add(server, "--secret=s3").err
    assert add(server, "--create-secret").code == 0
    assert add(server, "--create-secret", "--update-secret").code == 2
