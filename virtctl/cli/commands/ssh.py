"""``ssh``: log in with the user's own OpenSSH, through the API server."""

from __future__ import annotations

from typing import Annotated

from virtctl.cli.finding import settle
from virtctl.cli.logins import (
    KNOWN_HOSTS,
    Identity,
    KnownHosts,
    LocalOptions,
    PortNumber,
    Username,
    Wishes,
    finish,
    login,
)
from virtctl.cli.options import Argument, Option
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.cli.targets import parse_login
from virtctl.errors import ExitCode
from virtctl.streams import openssh


def run(
    session: Session,
    target: Annotated[
        str, Argument("[USER@][TYPE/]NAME[/NAMESPACE]", help="The machine.", complete="target")
    ],
    *,
    command: Annotated[
        str,
        Option("--command", "-c", help="Command to run in place of a shell.", metavar="COMMAND"),
    ] = "",
    username: Username = "",
    identity_file: Identity = "",
    known_hosts: KnownHosts = KNOWN_HOSTS,
    local_ssh_opts: LocalOptions = [],  # noqa: B006 - never changed
    port: PortNumber = 22,
) -> Outcome:
    """Log in over SSH without knowing an address.

    Runs your own ssh with a ProxyCommand that reaches the machine through the API server, and
    passes its exit code on. Without an ssh program a built-in client is used.
    """
    machine = settle(session, parse_login(target))
    wishes = Wishes(username, identity_file, known_hosts, local_ssh_opts, port)
    machine, where = login(session, machine, wishes)
    started = session.env.monotonic()
    if session.env.processes.which("ssh") is None:
        from virtctl.cli.builtin import Unreached, shell  # paramiko costs 100 ms

        try:
            code = shell(session, machine, where, port, command)
        except Unreached as error:
            session.line(f"error: {error}")
            code = ExitCode.TRANSPORT
    else:
        code = session.env.processes.attach(openssh.ssh(where, command), session.child_environ())
    lasted = session.env.monotonic() - started
    return finish(session, machine, where, port, code, lasted)
