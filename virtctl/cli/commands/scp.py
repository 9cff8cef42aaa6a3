"""``scp``: copy files with the user's own OpenSSH, through the API server."""

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
from virtctl.cli.targets import Named, parse_login
from virtctl.errors import ExitCode, UsageError
from virtctl.streams import openssh
from virtctl.streams.openssh import Copy

_PLACE = "[[USER@][TYPE/]NAME[/NAMESPACE]:]PATH"


def run(
    session: Session,
    source: Annotated[str, Argument("SOURCE", help=f"Here or there: {_PLACE}.", complete="file")],
    target: Annotated[str, Argument("TARGET", help="The other side.", complete="file")],
    *,
    recursive: Annotated[bool, Option("--recursive", "-r", help="Copy directories.")] = False,
    preserve: Annotated[bool, Option("--preserve", help="Keep times and modes.")] = False,
    username: Username = "",
    identity_file: Identity = "",
    known_hosts: KnownHosts = KNOWN_HOSTS,
    local_ssh_opts: LocalOptions = [],  # noqa: B006 - never changed
    port: PortNumber = 22,
) -> Outcome:
    """Copy files to or from a machine; the side with a colon is the machine's."""
    machine, copy = places(source, target)
    machine = settle(session, machine)
    copy = copy._replace(recursive=recursive, preserve=preserve)
    wishes = Wishes(username, identity_file, known_hosts, local_ssh_opts, port)
    machine, where = login(session, machine, wishes)
    started = session.env.monotonic()
    if session.env.processes.which("scp") is None:
        from virtctl.cli.builtin import Unreached, transfer  # paramiko costs 100 ms

        try:
            code = transfer(session, machine, where, port, copy)
        except Unreached as error:
            session.line(f"error: {error}")
            code = ExitCode.TRANSPORT
    else:
        code = session.env.processes.attach(openssh.scp(where, copy), session.child_environ())
    if code and code != ExitCode.TRANSPORT:
        session.line(f"error: scp ended with exit code {code}")
    lasted = session.env.monotonic() - started
    return finish(session, machine, where, port, code, lasted)


def places(source: str, target: str) -> tuple[Named, Copy]:
    """Which side is the machine's. Raises ``UsageError`` unless exactly one is."""
    if ":" in source and ":" in target:
        raise UsageError(
            f"copying from one remote place to another is not supported: `{source}` to `{target}`"
        )
    if ":" in source:
        machine, _, path = source.partition(":")
        return parse_login(machine), Copy(target, path, upload=False)
    if ":" in target:
        machine, _, path = target.partition(":")
        return parse_login(machine), Copy(source, path, upload=True)
    raise UsageError(
        f"neither `{source}` nor `{target}` is a remote place", f"write one as {_PLACE}"
    )
