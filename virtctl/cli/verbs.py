"""What the verbs on several machines share: choosing names, one line each, and waiting."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from virtctl.cli.grammar import FALSE, TRUE
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.errors import ExitCode, UsageError, VirtctlError


@contextmanager
def doing(what: str) -> Iterator[None]:
    """Put ``what`` before the message of any error of ours that is raised inside."""
    try:
        yield
    except VirtctlError as error:
        error.args = (f"{what}: {error}",)
        raise


def chosen(
    session: Session, names: list[str], selector: str, *, every: bool, what: str = "VM"
) -> list[str]:
    """The machines meant by names, ``-l`` or ``--all``; exactly one of the three must be given.

    ``what`` is VM or VMI.
    """
    ways = sum((bool(names), bool(selector), every))
    if ways == 0:
        raise UsageError(f"missing argument {what}", "name some, or give --selector or --all")
    if ways > 1:
        raise UsageError("give names, --selector or --all, and only one of them")
    if names:
        return names
    from virtctl.client.resources import list_all
    from virtctl.models.documents import name_of
    from virtctl.models.kinds import VIRTUAL_MACHINE, VIRTUAL_MACHINE_INSTANCE

    query = {"labelSelector": selector} if selector else {}
    kind = VIRTUAL_MACHINE if what == "VM" else VIRTUAL_MACHINE_INSTANCE
    found = [name_of(one) for one in list_all(session.rest, kind, session.namespace, query)]
    if not found:
        session.line(f"no {what} found in namespace {session.namespace}")
    return found


def dry(session: Session, value: str) -> bool:
    """Read ``--dry-run``: true, false, server or client (which is the same for a verb)."""
    if value in FALSE or value in {"", "none"}:
        return False
    if value not in TRUE and value not in {"server", "client"}:
        raise UsageError(
            f"invalid argument `{value}` for flag `--dry-run`: must be server, client or false"
        )
    session.line("Dry Run execution")
    return True


def graceful(period: int | None, *, force: bool) -> None:
    """``--force`` and ``--grace-period`` only go together. Raises ``UsageError``."""
    if force != (period is not None):
        raise UsageError("must both use --force=true and set --grace-period")


def each(session: Session, names: list[str], act: Callable[[str], str]) -> Outcome:
    """Call ``act`` for every name and print the line that it returns.

    Several are done at once. A failure is told of in its name's place, the others go on; the code
    is 1, or that of the failures when it is the same for all.
    """
    if len(names) <= 1:
        for name in names:
            session.out(act(name))
        return Outcome()
    from virtctl.cli.parallel import in_order  # threads are for several names only

    codes: set[int] = set()
    session.identify()
    for result in in_order(names, act, session.leave_thread):
        if result.error is None:
            session.out(result.line)
        elif isinstance(result.error, VirtctlError):
            codes.add(result.error.exit_code)
            session.line(f"error: {result.error}")
        else:
            raise result.error
    if not codes:
        return Outcome()
    return Outcome(code=codes.pop() if len(codes) == 1 else ExitCode.ERROR)
