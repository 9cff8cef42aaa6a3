"""Upload tokens."""

from __future__ import annotations

from virtctl.local.imports.tokens import LIFETIME, Grant, Tokens

GRANT = Grant(namespace="default", name="dv1", uid="u")


def test_a_token_is_good_for_its_claim_and_a_while() -> None:
    tokens = Tokens.of_instance("secret")
    token = tokens.issue(GRANT, 1000.0)
    found = tokens.read(token, 1000.0 + LIFETIME)
    assert found is not None
    assert (found.namespace, found.name, found.uid) == ("default", "dv1", "u")
    assert tokens.read(token, 1001.0 + LIFETIME) is None


def test_tokens_of_others_are_no_good() -> None:
    tokens = Tokens.of_instance("secret")
    token = tokens.issue(GRANT, 1000.0)
    head, body, proof = token.split(".")
    for wrong in (
        "",
        "x",
        f"{head}.{body}.{proof[:-1]}",
        f"{head}.{body[:-2]}.{proof}",
        f".{proof}",
    ):
        assert tokens.read(wrong, 1000.0) is None
    assert Tokens.of_instance("other").read(token, 1000.0) is None
    other = Grant(namespace="default", name="dv1", uid="u", operation="Clone")
    assert tokens.read(tokens.issue(other, 1000.0), 1000.0) is None
