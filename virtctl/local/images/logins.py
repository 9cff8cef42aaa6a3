"""The user's logins to registries, from docker's ``config.json`` (podman and others write it too).

Only names and passwords in the file itself are read; credential helpers are not called.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from virtctl.errors import ConfigError
from virtctl.local.images.references import DEFAULT_REGISTRY

_DEFAULT_KEYS = ("https://index.docker.io/v1/", "index.docker.io")


@dataclass(frozen=True)
class Login:
    """A user of a registry."""

    user: str
    password: str


Logins = Callable[[str], Login | None]
"""From a registry's host to who we are there; None for nobody in particular."""


def nobody(_: str) -> Login | None:
    """No logins at all."""
    return None


class _Auth(msgspec.Struct):
    auth: str = ""
    username: str = ""
    password: str = ""


class _Config(msgspec.Struct):
    auths: dict[str, _Auth] = {}


def docker_logins(path: str) -> Logins:
    """Logins by registry host; the file is read when one is first asked for.

    Asking raises ``ConfigError`` when the file is there and cannot be read.
    """

    return lambda host: _find(_read(Path(path)), host, path)


def _find(config: _Config, host: str, where: str) -> Login | None:
    keys = [host, f"https://{host}", f"http://{host}"]
    if host == DEFAULT_REGISTRY:
        keys += _DEFAULT_KEYS
    found = (config.auths[key] for key in keys if key in config.auths)
    return next((_login(each, where) for each in found), None)


def parse_logins(text: str, where: str) -> Logins:
    """The logins in the text of a ``config.json``; raises ``ConfigError`` naming ``where``."""
    config = _decode(text.encode(), where)
    return lambda host: _find(config, host, where)


def _read(path: Path) -> _Config:
    try:
        return _decode(path.read_bytes(), str(path))
    except FileNotFoundError:
        return _Config()
    except OSError as error:
        raise ConfigError(f"cannot read `{path}`: {error.strerror}") from error


def _decode(data: bytes, where: str) -> _Config:
    try:
        return msgspec.json.decode(data, type=_Config)
    except msgspec.MsgspecError as error:
        raise ConfigError(f"`{where}` cannot be read: {error}") from error


def _login(found: _Auth, path: str) -> Login | None:
    """From ``user:password`` in base64, or both as they are; neither means a credential helper."""
    if not found.auth:
        return Login(found.username, found.password) if found.username else None
    try:
        user, _, password = base64.b64decode(found.auth, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise ConfigError(f"`{path}` has a login that is not base64") from error
    return Login(user, password)
