"""Command lines of the user's own ``ssh`` and ``scp``; nothing is started here."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import NamedTuple


class Login(NamedTuple):
    """Where to and how. ``host`` is the name that ssh knows the machine by.

    ``alias`` is the name its host key is kept under, ``known_hosts`` the file; both may be empty,
    and then ssh's own rules hold.
    """

    host: str
    user: str
    proxy: Sequence[str]
    identity: str = ""
    options: tuple[str, ...] = ()
    alias: str = ""
    known_hosts: str = ""

    @property
    def destination(self) -> str:
        """``user@host``."""
        return f"{self.user}@{self.host}" if self.user else self.host


def proxy_command(argv: Sequence[str]) -> str:
    """``argv`` as a ProxyCommand: quoted for the shell, and ``%`` kept from ssh (ssh_config(5))."""
    return shlex.join(argv).replace("%", "%%")


def _common(login: Login) -> list[str]:
    words = ["-o", f"ProxyCommand={proxy_command(login.proxy)}", *login.options]
    if login.identity:
        words += ["-i", login.identity]
    # ssh takes the first value that it meets, so the user's options above win over these
    if login.known_hosts:
        words += ["-o", f'UserKnownHostsFile="{login.known_hosts}"']
        words += ["-o", "StrictHostKeyChecking=accept-new"]
    if login.alias:
        words += ["-o", f"HostKeyAlias={login.alias}", "-o", "CheckHostIP=no"]
    return words


def ssh(login: Login, command: str = "") -> list[str]:
    """``ssh`` to the machine; ``command`` is one word, as the remote shell will read it."""
    words = ["ssh", *_common(login), login.destination]
    return [*words, command] if command else words


class Copy(NamedTuple):
    """One copy between here and the machine; ``remote`` is a path there."""

    local: str
    remote: str
    upload: bool
    recursive: bool = False
    preserve: bool = False


def scp(login: Login, copy: Copy) -> list[str]:
    """``scp`` to or from the machine."""
    words = ["scp", *_common(login)]
    words += ["-r"] if copy.recursive else []
    words += ["-p"] if copy.preserve else []
    there = f"{login.destination}:{copy.remote}"
    return [*words, copy.local, there] if copy.upload else [*words, there, copy.local]


def config(login: Login, names: Sequence[str], port: str = "") -> str:
    """A block of ``ssh_config`` for a machine, under all of ``names``.

    ``port`` is a word for the end of the ProxyCommand that ssh replaces, such as ``%p``.
    """
    lines = [f"Host {' '.join(names)}"]
    if login.user:
        lines.append(f"    User {login.user}")
    lines.append(f"    ProxyCommand {proxy_command(login.proxy)}{f' {port}' if port else ''}")
    if login.identity:
        lines.append(f'    IdentityFile "{login.identity}"')
    if login.known_hosts:
        lines.append(f'    UserKnownHostsFile "{login.known_hosts}"')
        lines.append("    StrictHostKeyChecking accept-new")
    if login.alias:
        lines += [f"    HostKeyAlias {login.alias}", "    CheckHostIP no"]
    return "\n".join(lines) + "\n"


def options(login: Login) -> str:
    """What ``ssh``, ``scp`` and ``sftp`` need besides the host, as one line for a shell."""
    return shlex.join(_common(login))
