"""``console``: the serial console."""

from __future__ import annotations

from typing import Annotated

from virtctl.cli.dialing import when_running
from virtctl.cli.drive import drive
from virtctl.cli.interactive import converse
from virtctl.cli.options import Option, VmiName
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.client.subresources import Owner, path
from virtctl.errors import StreamError, UsageError
from virtctl.streams.stdio import DescriptorDuplex
from virtctl.streams.terminal import EscapeFilter, parse_escape, raw, spell


def run(
    session: Session,
    name: VmiName,
    *,
    timeout: Annotated[
        str,
        Option(
            "--timeout",
            help="How long to wait for the machine: minutes, or as in `90s`; 0 tries once.",
            metavar="DURATION",
        ),
    ] = "5",
    escape: Annotated[
        str,
        Option("--escape", help="Key that ends the session, as in `^]` or `^x`.", metavar="KEY"),
    ] = "^]",
    wait_for: Annotated[
        str,
        Option(
            "--wait-for",
            help="Only listen until the console shows this, within --timeout.",
            metavar="REGEX",
        ),
    ] = "",
) -> Outcome:
    """Connect to the serial console; Ctrl+], Ctrl+5 or `~.` on a new line ends it.

    Without a terminal it copies the console to stdout until the reader is gone, the machine is, or
    stdin has ended. With `--wait-for` it ends when the console shows what is waited for, or with
    exit code 124; a console that stays silent is woken up by Enter.
    """
    try:
        key = parse_escape(escape)
    except ValueError:
        raise UsageError(
            f"invalid argument `{escape}` for flag `--escape`: one key, as in `^]`"
        ) from None
    where = path(Owner.VMI, session.namespace, name, "console")
    if wait_for:
        from virtctl.cli.expecting import expect, pattern

        drive(expect(session, name, where, timeout, pattern(wait_for)))
        return Outcome()
    try:
        drive(_session(session, name, where, timeout, key))
    except KeyboardInterrupt:
        session.env.stdout.write("\n")
    return Outcome()


async def _session(session: Session, name: str, where: str, patience: str, key: int) -> None:
    remote = await when_running(session, name, where, patience)
    env = session.env
    try:
        with raw(env.stdin.fileno()) as terminal:
            if terminal:
                env.stderr.write(
                    f"Successfully connected to {name} console. "
                    f"Press {spell(key)} to exit console.\r\n"
                )
                env.stderr.flush()
            local = DescriptorDuplex(env.stdin.fileno(), env.stdout.fileno())
            await converse(local, remote, EscapeFilter(key, tilde=terminal), env.stdout.fileno())
            await local.close()
    except BrokenPipeError:
        return  # whoever read the console has seen enough
    except StreamError as error:
        raise StreamError(
            f"the console of {name} ended: {error}",
            "the machine was powered off, or somebody else opened its console",
        ) from error
    finally:
        await remote.close()
