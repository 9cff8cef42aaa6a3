import json

from tests.fakes.canned import api_server, refused
from tests.fakes.env import SessionAt, fake_env, virtctl
from virtctl.cli.flags import GlobalFlags
from virtctl.cli.making import finish, suffix
from virtctl.cli.session import Session

SECRETS = "/api/v1/namespaces/default/secrets"


def test_suffixes_have_no_vowels() -> None:
    session = Session(fake_env(random=lambda count: bytes(range(40, 40 + count))), GlobalFlags())
    found = suffix(session, 30)
    assert len(found) == 30
    assert not set(found) & set("aeiou01")


def test_printed_in_either_format() -> None:
    session = Session(fake_env(), GlobalFlags())
    document = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}}
    assert json.loads(finish(session, dict(document), "json", apply=False).text) == document
    assert finish(session, dict(document), "yaml", apply=False).text.startswith("apiVersion: v1\n")


def test_created_strictly(session_at: SessionAt) -> None:
    with api_server() as server:
        server.on("POST", SECRETS, {})
        session = session_at(server.url)
        finish(
            session, {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}}, "yaml",
            apply=True,
        )  # fmt: skip
        assert server.asked[0].query["fieldValidation"] == "Strict"


def test_a_refusal_says_what_could_not_be_made() -> None:
    with api_server() as server:
        path = "/apis/clone.kubevirt.io/v1beta1/namespaces/default/virtualmachineclones"
        server.on("POST", path, refused(403, "Forbidden", "not you"))
        words = ["--source-name=db", "--name=c", "--apply"]
        ran = virtctl("create", "clone", *words, server=server.url)
    assert ran.err.startswith("error: cannot create VirtualMachineClone c: not you\n")
