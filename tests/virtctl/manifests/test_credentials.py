import pytest

from virtctl.errors import VirtctlError
from virtctl.manifests import credentials
from virtctl.manifests.credentials import decoded, encoded
from virtctl.models.documents import Document, JsonValue


def given(field: str, secret: str, method: JsonValue) -> JsonValue:
    source: Document = {"secret": {"secretName": secret}}
    return {field: {"source": source, "propagationMethod": method}}


def vm(*access: JsonValue) -> Document:
    template: Document = {"spec": {"accessCredentials": [*access]}}
    return {"metadata": {"name": "db", "uid": "u1"}, "spec": {"template": template}}


AGENT: JsonValue = {"qemuGuestAgent": {"users": ["ann", "bob"]}}
HELD: Document = {
    "metadata": {"name": "s"},
    "data": {"k": encoded("ssh-rsa A me\nssh-rsa B you\n\n")},
}


def test_secrets_of_a_user() -> None:
    machine = vm(
        given("sshPublicKey", "s1", AGENT),
        given("sshPublicKey", "s2", {"noCloud": {}}),
        given("userPassword", "p1", {"qemuGuestAgent": {}}),
        given("sshPublicKey", "s3", {"qemuGuestAgent": {"users": ["bob"]}}),
    )
    assert credentials.ssh_secrets(machine, "ann") == ["s1"]
    assert credentials.ssh_secrets(machine, "bob") == ["s1", "s3"]
    assert credentials.password_secrets(machine) == ["p1"]


def test_one_secret_is_chosen() -> None:
    assert credentials.choose(["a"], "", "none") == "a"
    assert credentials.choose(["a", "b"], "b", "none") == "b"
    with pytest.raises(VirtctlError, match="nobody"):
        credentials.choose([], "b", "nobody")
    with pytest.raises(VirtctlError, match="secret c was not assigned"):
        credentials.choose(["a"], "c", "none")
    with pytest.raises(VirtctlError, match="multiple secrets"):
        credentials.choose(["a", "b"], "", "none")


def test_a_secret_of_others_is_not_changed() -> None:
    made = credentials.new_secret(vm(), "k", "key")
    credentials.check_owner(made, vm())
    with pytest.raises(VirtctlError, match="secret s has no owner reference to VM db"):
        credentials.check_owner(HELD, vm())


def test_patches() -> None:
    assert credentials.entry("a/b~c", "x") == [
        {"op": "add", "path": "/data/a~1b~0c", "value": encoded("x")}
    ]
    first = credentials.assign("s", "ann", first=True)
    assert [step["op"] for step in first if isinstance(step, dict)] == ["test", "add", "add"]
    assert credentials.assign("s", "ann") == first[2:]


def test_lines_of_keys() -> None:
    assert credentials.holds(HELD, " ssh-rsa B you\n")
    assert credentials.holds(HELD, "ssh-rsa B")
    assert not credentials.holds(HELD, "ssh-rsa B yo")
    changed = credentials.without(HELD, "ssh-rsa A")
    assert changed["data"] == {"k": encoded("ssh-rsa B you")}
    assert "data" not in credentials.without(HELD, "ssh-rsa")


def test_data_that_is_no_base64() -> None:
    assert decoded("!") == ""


def test_an_entry_of_a_secret_without_data() -> None:
    first = credentials.entry("a/b", "x", first=True)
    assert first == [
        {"op": "test", "path": "/data", "value": None},
        {"op": "add", "path": "/data", "value": {}},
        *credentials.entry("a/b", "x"),
    ]
