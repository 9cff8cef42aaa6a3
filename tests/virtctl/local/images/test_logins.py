"""Docker's configuration file."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from virtctl.errors import ConfigError
from virtctl.local.images.logins import Login, docker_logins, nobody

ANN = {"auth": base64.b64encode(b"ann:secret:word").decode()}


def logins_of(tmp_path: Path, config: object) -> Path:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(config))
    return path


@pytest.mark.parametrize(
    ("key", "host"),
    [
        ("example.org:5000", "example.org:5000"),
        ("https://example.org", "example.org"),
        ("https://index.docker.io/v1/", "docker.io"),
    ],
)
def test_login_by_host(tmp_path: Path, key: str, host: str) -> None:
    find = docker_logins(str(logins_of(tmp_path, {"auths": {key: ANN}, "credsStore": "x"})))
    assert find(host) == Login("ann", "secret:word")
    assert find("other.example") is None


def test_a_credential_helper_is_nobody(tmp_path: Path) -> None:
    path = logins_of(tmp_path, {"auths": {"example.org": {}}})
    assert docker_logins(str(path))("example.org") is None


def test_no_file(tmp_path: Path) -> None:
    assert docker_logins(str(tmp_path / "x"))("example.org") is None
    assert nobody("example.org") is None


@pytest.mark.parametrize("config", [[], {"auths": 1}, {"auths": {"example.org": {"auth": "?"}}}])
def test_unreadable(tmp_path: Path, config: object) -> None:
    path = logins_of(tmp_path, config)
    with pytest.raises(ConfigError, match=f"`{path}`"):
        docker_logins(str(path))("example.org")
