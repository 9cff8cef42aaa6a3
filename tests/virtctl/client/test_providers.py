import base64
import json
import time
from pathlib import Path

import pytest
import yaml

from tests.fakes.canned import api_server
from tests.fakes.certificates import authority
from virtctl.client.kubeconfig import Target
from virtctl.client.providers import provider_token
from virtctl.errors import ConfigError


def token(expires: float) -> str:
    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': 'none'})}.{part({'exp': int(expires)})}.sig"


def test_an_oidc_token_that_holds() -> None:
    fresh = token(time.time() + 3600)
    provider = {"name": "oidc", "config": {"id-token": fresh}}
    assert provider_token(Target("https://x", provider=provider)) == fresh


def test_no_token_says_what_to_do() -> None:
    with pytest.raises(ConfigError, match="auth-provider `oidc` gave no token") as caught:
        provider_token(Target("https://x", provider={"name": "oidc", "config": {}}))
    assert "log in again" in str(caught.value.hint)


def renewing(config: dict[str, str], path: Path, answer: object) -> tuple[str, str]:
    """What an expired token becomes at a provider that answers so, and what it was asked."""
    made = authority()
    with api_server(made.server_context(path)) as idp:
        idp.object("/.well-known/openid-configuration", {"token_endpoint": f"{idp.url}/token"})
        idp.on("POST", "/token", answer)
        held = {
            "id-token": token(time.time() - 60), "refresh-token": "r1", "client-id": "me",
            "client-secret": "hush", "idp-issuer-url": idp.url, **config,
        }  # fmt: skip
        user = {"name": "u", "user": {"auth-provider": {"name": "oidc", "config": held}}}
        kubeconfig = path / "config"
        kubeconfig.write_text(json.dumps({"users": [user]}))
        target = Target("https://x", user="u", user_file=str(kubeconfig))
        found = provider_token(target._replace(provider={"name": "oidc", "config": held}))
        return found, str(idp.asked[-1].body)


def test_an_expired_oidc_token_is_renewed_and_kept(tmp_path: Path) -> None:
    fresh = token(time.time() + 3600)
    data = base64.b64encode(authority().ca).decode()
    answer = {"id_token": fresh, "refresh_token": "r2", "access_token": "a", "token_type": "x"}
    found, asked = renewing({"idp-certificate-authority-data": data}, tmp_path, answer)
    assert found == fresh
    assert "grant_type=refresh_token" in asked
    assert "refresh_token=r1" in asked
    (user,) = yaml.safe_load((tmp_path / "config").read_text())["users"]
    config = user["user"]["auth-provider"]["config"]
    assert (config["id-token"], config["refresh-token"]) == (fresh, "r2")
    assert config["client-secret"] == "hush"
    assert "idp-certificate-authority" not in config


def test_a_provider_is_not_trusted_blindly(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"gave no token: .*certificate"):
        renewing({}, tmp_path, {})


def test_a_provider_that_refuses(tmp_path: Path) -> None:
    data = base64.b64encode(authority().ca).decode()
    with pytest.raises(ConfigError, match="`oidc` gave no token") as caught:
        renewing({"idp-certificate-authority-data": data}, tmp_path, {"error": "invalid_grant"})
    assert "log in again" in str(caught.value.hint)


def test_other_providers_give_the_token_they_hold() -> None:
    provider = {"name": "azure", "config": {"access-token": "kept"}}
    assert provider_token(Target("https://x", provider=provider)) == "kept"
