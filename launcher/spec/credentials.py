"""Keys and passwords that are put into the guest."""

from __future__ import annotations

from launcher.spec.base import Part


class SshKeys(Part, frozen=True, kw_only=True):
    """Public keys for a guest, ``via`` the ``agent`` or a seed: noCloud, configDrive, cloudInit."""

    keys: tuple[str, ...]
    via: str = "cloudInit"
    users: tuple[str, ...] = ()


class Password(Part, frozen=True, kw_only=True):
    """A guest user's password, to be set by the guest agent."""

    user: str
    password: str


class Credentials(Part, frozen=True, kw_only=True):
    """What the guest agent puts into the guest, whenever it connects."""

    ssh_keys: tuple[SshKeys, ...] = ()
    passwords: tuple[Password, ...] = ()
