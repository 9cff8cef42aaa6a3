"""A small SSH client on paramiko, for machines that have no ``ssh`` program.

OpenSSH is the default, since it knows the user's agent, configuration and keys; this one logs in
with an agent, key files or a password, runs a command or a shell, and copies files by SFTP.
"""

from __future__ import annotations

import os
import select
import socket
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import paramiko

from virtctl.errors import ExitCode, StreamError, VirtctlError

Prompt = Callable[[str], str]
Client = paramiko.Transport
_KEY_FILES = ("id_ed25519", "id_ecdsa", "id_rsa")
_TRIES = 3
_MOST_KEYS = 5  # OpenSSH hangs up after six tries
_PATIENCE = 60.0  # seconds


class Who(NamedTuple):
    """Whom to log in as and with what; ``alias`` is the name of the host key.

    ``keys`` is the directory of the user's own keys, tried when no ``identity`` is given.
    """

    user: str
    identity: str = ""
    alias: str = ""
    known_hosts: str = ""
    keys: str = ""


class SshError(StreamError):
    """A connection that failed at ``stage``: banner, host key or authentication."""

    exit_code = ExitCode.TRANSPORT

    def __init__(self, stage: str, message: str, hint: str | None = None) -> None:
        super().__init__(message, hint)
        self.stage = stage


def connect(sock: socket.socket, who: Who, prompt: Prompt) -> Client:
    """Log in over ``sock``.

    Raises ``SshError`` when there is no SSH server at the other end, its host key changed or no
    credential is accepted.
    """
    client = _greet(sock)
    try:
        _check_host(client, who, keep=True)
        _authenticate(client, who, prompt)
    except (paramiko.SSHException, EOFError, OSError) as error:
        client.close()
        raise SshError(
            "authentication", f"the connection ended while logging in: {error}"
        ) from error
    except VirtctlError:
        client.close()
        raise
    return client


class Greeting(NamedTuple):
    """What a server says of a login: whether a key of the user's lets him in, and what it takes."""

    let_in: bool
    methods: tuple[str, ...]


def greet(sock: socket.socket, who: Who) -> Greeting:
    """Everything of a login but a session: nothing is run, asked of the user, or kept.

    Raises ``SshError`` when no SSH server answers or its host key changed.
    """
    client = _greet(sock)
    try:
        _check_host(client, who, keep=False)
        methods = _methods(client, who.user)
        return Greeting(client.is_authenticated() or _takes_a_key(client, who), methods)
    except (paramiko.SSHException, EOFError, OSError):
        return Greeting(let_in=False, methods=())
    finally:
        client.close()


def _methods(client: Client, user: str) -> tuple[str, ...]:
    """The ways to log in that are left to ``user``; none when he is in already (RFC 4252 §5.2)."""
    try:
        client.auth_none(user)
    except paramiko.BadAuthenticationType as error:
        return tuple(error.allowed_types)
    return ()


def _takes_a_key(client: Client, who: Who) -> bool:
    for key in islice(_keys(who), _MOST_KEYS):
        try:
            client.auth_publickey(who.user, key)
        except paramiko.AuthenticationException:
            continue
        return True
    return False


def _greet(sock: socket.socket) -> Client:
    client = paramiko.Transport(sock)
    # A guest that is emulated on a busy machine takes longer than a library expects of a server.
    client.banner_timeout = client.handshake_timeout = client.auth_timeout = _PATIENCE
    try:
        client.start_client(timeout=_PATIENCE)
    except (paramiko.SSHException, EOFError, OSError) as error:
        client.close()
        raise SshError("banner", f"no ssh server answers: {error}") from error
    return client


def _check_host(client: Client, who: Who, *, keep: bool) -> None:
    """As ``StrictHostKeyChecking=accept-new``: a new key is kept, a changed one refused."""
    if not who.known_hosts or not who.alias:
        return
    key = client.get_remote_server_key()
    path = Path(who.known_hosts)
    known = paramiko.HostKeys(str(path)) if path.exists() else paramiko.HostKeys()
    held = known.lookup(who.alias)
    if held is None:
        if not keep:
            return
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as stream:
            stream.write(f"{who.alias} {key.get_name()} {key.get_base64()}\n")
    elif key.get_name() in held and held[key.get_name()] != key:
        hint = f"ssh-keygen -f {who.known_hosts} -R {who.alias}, if the new key is right"
        raise SshError("host key", f"the host key of {who.alias} changed", hint)


def _authenticate(client: Client, who: Who, prompt: Prompt) -> None:
    methods = _methods(client, who.user)
    if client.is_authenticated() or _takes_a_key(client, who):
        return
    for _ in range(_TRIES if "password" in methods else 0):
        try:
            password = prompt(f"{who.user}'s password: ")
        except EOFError:
            break  # nobody to ask
        try:
            client.auth_password(who.user, password)
        except paramiko.AuthenticationException:
            continue
        return
    taken = ", ".join(methods) or "nothing"
    raise SshError(
        "authentication", f"{who.user or 'nobody'} was not let in; the machine takes {taken}",
        "name a key with --identity-file, or add one with `virtctl credentials add-ssh-key`",
    )  # fmt: skip


def _keys(who: Who) -> Iterator[paramiko.PKey]:
    if who.identity:
        yield _load(Path(who.identity))
        return
    agent = paramiko.Agent()
    try:
        yield from agent.get_keys()
    finally:
        agent.close()
    for name in _KEY_FILES:
        path = Path(who.keys) / name
        if who.keys and path.exists():
            with suppress(VirtctlError):
                yield _load(path)


def _load(path: Path) -> paramiko.PKey:
    try:
        return paramiko.PKey.from_path(path)
    except (paramiko.SSHException, OSError, ValueError) as error:
        raise VirtctlError(f"key `{path}` cannot be used: {error}") from error


def run_command(client: Client, command: str, out: int, err: int) -> int:
    """Run ``command``, copying its output to the descriptors; returns its exit code."""
    channel = client.open_session()
    channel.exec_command(command)
    while True:
        if channel.recv_ready():
            os.write(out, channel.recv(65536))
        elif channel.recv_stderr_ready():
            os.write(err, channel.recv_stderr(65536))
        elif channel.exit_status_ready():
            break
        else:
            channel.status_event.wait(0.05)
    for chunk in iter(lambda: channel.recv(65536), b""):
        os.write(out, chunk)
    for chunk in iter(lambda: channel.recv_stderr(65536), b""):
        os.write(err, chunk)
    return channel.recv_exit_status()


def run_shell(client: Client, source: int, out: int, term: str) -> int:
    """A shell on our terminal, which the caller has made raw; returns its exit code."""
    size = os.get_terminal_size(out) if os.isatty(out) else os.terminal_size((80, 24))
    channel = client.open_session()
    channel.get_pty(term, size.columns, size.lines)
    channel.invoke_shell()
    while not channel.closed:
        ready, _, _ = select.select([channel.fileno(), source], [], [], 1.0)
        if channel.fileno() in ready:
            data = channel.recv(65536)
            if not data:
                break
            os.write(out, data)
        if source in ready:
            data = os.read(source, 1024)
            if not data:
                channel.shutdown_write()
                break
            channel.sendall(data)
    return channel.recv_exit_status()


def _sftp(client: Client) -> paramiko.SFTPClient:
    found = paramiko.SFTPClient.from_transport(client)
    if found is None:
        raise StreamError("the machine serves no sftp")
    return found


def upload(client: Client, local: str, remote: str, *, recursive: bool) -> None:
    """Copy here to there. Raises ``VirtctlError`` for a directory without ``recursive``."""
    with _sftp(client) as sftp:
        target = PurePosixPath(remote or ".")
        if _is_remote_directory(sftp, str(target)):
            target /= Path(local).name
        _put(sftp, Path(local), target, recursive=recursive)


def _put(sftp: paramiko.SFTPClient, local: Path, remote: PurePosixPath, *, recursive: bool) -> None:
    if not local.is_dir():
        sftp.put(str(local), str(remote))
        return
    if not recursive:
        raise VirtctlError(f"`{local}` is a directory", "copy it with --recursive")
    if not _is_remote_directory(sftp, str(remote)):
        sftp.mkdir(str(remote))
    for entry in sorted(local.iterdir()):
        _put(sftp, entry, remote / entry.name, recursive=True)


def download(client: Client, remote: str, local: str, *, recursive: bool) -> None:
    """Copy there to here. Raises ``VirtctlError`` for a directory without ``recursive``."""
    with _sftp(client) as sftp:
        target = Path(local)
        if target.is_dir():
            target /= PurePosixPath(remote).name
        _get(sftp, PurePosixPath(remote), target, recursive=recursive)


def _get(sftp: paramiko.SFTPClient, remote: PurePosixPath, local: Path, *, recursive: bool) -> None:
    if not _is_remote_directory(sftp, str(remote)):
        sftp.get(str(remote), str(local))
        return
    if not recursive:
        raise VirtctlError(f"`{remote}` is a directory", "copy it with --recursive")
    local.mkdir(exist_ok=True)
    for name in sorted(sftp.listdir(str(remote))):
        _get(sftp, remote / name, local / name, recursive=True)


def _is_remote_directory(sftp: paramiko.SFTPClient, path: str) -> bool:
    try:
        return stat.S_ISDIR(sftp.stat(path).st_mode or 0)
    except OSError:
        return False
