import pytest

from launcher.spec import Password, SshKeys
from virtctl.errors import InvalidField
from virtctl.local.node.materials import TranslateFacts
from virtctl.local.node.translate_credentials import passwords, ssh_keys

FACTS = TranslateFacts(
    secrets={
        "keys": {"b": b"ssh-b\n", "a": b"ssh-a", "c": b""},
        "passwords": {"root": b"r", "bob": "d\u00f6mo\n".encode()},
    }
)


def keys(*asked) -> tuple[SshKeys, ...]:
    return ssh_keys({"accessCredentials": list(asked)}, FACTS)


def credential(secret: str, method: dict, kind: str = "sshPublicKey") -> dict:
    source = {"secret": {"secretName": secret}}
    return {kind: {"source": source, "propagationMethod": method}}


def test_ssh_keys_in_order_of_their_names() -> None:
    """As they are, with the ends of their lines; empty ones are none."""
    for way in ("noCloud", "configDrive"):
        (found,) = keys(credential("keys", {way: {}}))
        assert found == SshKeys(keys=("ssh-a", "ssh-b\n"), via=way)


def test_ssh_keys_by_the_agent() -> None:
    assert keys(credential("keys", {"qemuGuestAgent": {"users": ["fedora"]}})) == (
        SshKeys(keys=("ssh-a", "ssh-b"), via="agent", users=("fedora",)),
    )


def test_passwords_by_user() -> None:
    asked = credential("passwords", {"qemuGuestAgent": {}}, "userPassword")
    spec = {"accessCredentials": [asked, credential("keys", {"noCloud": {}})]}
    assert passwords(spec, FACTS) == (
        Password(user="bob", password="d\u00f6mo"),
        Password(user="root", password="r"),
    )
    assert keys(asked) == ()


def test_credentials_whose_secret_is_not_there() -> None:
    with pytest.raises(InvalidField, match=r"accessCredentials\[0\].sshPublicKey.*no secret"):
        keys(credential("gone", {"noCloud": {}}))
    with pytest.raises(InvalidField, match=r"accessCredentials\[0\].userPassword.*no secret"):
        passwords({"accessCredentials": [credential("gone", {}, "userPassword")]}, FACTS)
