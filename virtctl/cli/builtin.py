"""``ssh`` and ``scp`` without OpenSSH: paramiko over a stream of ours, in one process."""

from __future__ import annotations

import asyncio
import getpass
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from virtctl.cli.session import Session
from virtctl.cli.targets import Named
from virtctl.client import sshclient
from virtctl.client.sockets import dial
from virtctl.client.subresources import path
from virtctl.errors import ExitCode, StreamError, VirtctlError
from virtctl.streams.forward import TcpDuplex
from virtctl.streams.openssh import Copy, Login
from virtctl.streams.pump import pump
from virtctl.streams.terminal import raw


def shell(session: Session, machine: Named, login: Login, port: int, command: str) -> int:
    """Run ``command`` or a shell; returns its exit code."""
    env = session.env
    with _logged_in(session, machine, login, port) as client:
        if command:
            return sshclient.run_command(client, command, env.stdout.fileno(), env.stderr.fileno())
        with raw(env.stdin.fileno()):
            term = env.environ.get("TERM", "vt100")
            return sshclient.run_shell(client, env.stdin.fileno(), env.stdout.fileno(), term)


def transfer(session: Session, machine: Named, login: Login, port: int, copy: Copy) -> int:
    """Copy by SFTP; returns 0, or raises."""
    with _logged_in(session, machine, login, port) as client:
        if copy.upload:
            sshclient.upload(client, copy.local, copy.remote, recursive=copy.recursive)
        else:
            sshclient.download(client, copy.remote, copy.local, recursive=copy.recursive)
    return 0


def greeting(session: Session, machine: Named, login: Login, port: int) -> sshclient.Greeting:
    """What the machine says of a login. Raises ``SshError`` with the stage that fails before."""
    with _Bridge(session, machine, port, quiet=True) as sock:
        return sshclient.greet(sock, _who(session, login))


def _who(session: Session, login: Login) -> sshclient.Who:
    identity = session.env.path(login.identity) if login.identity else ""
    keys = session.env.path("~/.ssh")
    return sshclient.Who(login.user, identity, login.alias, login.known_hosts, keys)


@contextmanager
def _logged_in(
    session: Session, machine: Named, login: Login, port: int
) -> Iterator[sshclient.Client]:
    with _Bridge(session, machine, port) as sock:
        try:
            client = sshclient.connect(sock, _who(session, login), _asking(session))
        except sshclient.SshError as error:
            error.args = (f"{machine}: {error.stage}: {error}",)
            raise
        try:
            yield client
        finally:
            client.close()


def _asking(session: Session) -> sshclient.Prompt:
    """Asks the user for a password; raises EOFError when nobody is there to answer."""

    def ask(question: str) -> str:
        if not session.env.is_tty(session.env.stdin):
            raise EOFError
        return getpass.getpass(question)

    return ask


class Unreached(StreamError):
    """The API server opened no stream to the machine."""

    exit_code = ExitCode.TRANSPORT


class _Bridge:
    """A local socket whose other end a thread copies onto a port-forward stream."""

    def __init__(
        self, session: Session, machine: Named, port: int, *, quiet: bool = False
    ) -> None:  # fmt: skip
        self._session = session
        where = path(machine.owner, machine.namespace, machine.name, f"portforward/{port}/tcp")
        self._path = where
        self._ours, self._theirs = socket.socketpair()
        self._open = threading.Event()
        self._problem: VirtctlError | None = None
        self._closing = quiet
        self._thread = threading.Thread(target=lambda: asyncio.run(self._copy()), daemon=True)

    def __enter__(self) -> socket.socket:
        self._thread.start()
        self._open.wait()
        if self._problem is not None:
            self.__exit__()
            raise Unreached(str(self._problem)) from self._problem
        return self._ours

    def __exit__(self, *_: object) -> None:
        self._closing = True
        self._ours.close()
        self._thread.join(5)
        self._theirs.close()

    async def _copy(self) -> None:
        try:
            remote = await dial(self._session.rest, self._path)
        except VirtctlError as error:
            self._problem = error
            return
        finally:
            self._open.set()
        reader, writer = await asyncio.open_connection(sock=self._theirs)
        try:
            await pump(TcpDuplex(reader, writer), remote)
        except VirtctlError as error:
            if not self._closing:
                self._session.line(f"error: {error}")
