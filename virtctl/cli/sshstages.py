"""How far an ssh connection came before it failed: machine, pod, port, banner, host key, login.

Asked only after a failure, so that a connection that works costs nothing.
"""

from __future__ import annotations

from typing import NamedTuple

from virtctl.cli.finding import elsewhere
from virtctl.cli.session import Session
from virtctl.cli.targets import Named
from virtctl.cli.waiting import Seen, look
from virtctl.errors import VirtctlError
from virtctl.models.documents import text
from virtctl.streams.openssh import Login

GRACE_SECONDS = 120.0
"""sshd's LoginGraceTime (sshd_config(5)): whoever is connected for longer has logged in."""


class Stage(NamedTuple):
    """Where it failed, why, and what may help."""

    name: str
    why: str
    hint: str = ""


def failed_stage(
    session: Session, machine: Named, login: Login, port: int, lasted: float = 0.0
) -> Stage:
    """Go the way of a connection again and return the first stage that fails; never raises.

    ``lasted`` is how many seconds the failed connection took.
    """
    namespace = machine.namespace or session.namespace
    machine = machine._replace(namespace=namespace)
    try:
        seen = look(session, machine.name, namespace)
    except VirtctlError as error:
        return Stage("API server", str(error), error.hint or "")
    return (
        _machine(session, machine, seen)
        or _port(session, machine, namespace, seen, port)
        or _login(session, machine, login, port, lasted)
    )


def _machine(session: Session, machine: Named, seen: Seen) -> Stage | None:
    """A machine that is not there or does not run, or has no pod yet."""
    program, name = session.env.program, machine.name
    place = f" -n {machine.namespace}" if machine.namespace != session.namespace else ""
    if seen.vm is None and seen.vmi is None:
        others = ", ".join(f"`{one}`" for one in elsewhere(session, name))
        hint = f"there is {others}" if others else f"see `{program} get vm -A`"
        return Stage("machine", "there is no such machine", hint)
    if seen.vmi is None:
        status = text(seen.vm or {}, "status", "printableStatus") or "unknown"
        return Stage(
            "machine", f"it does not run, status {status}",
            f"start it with `{program} start {name}{place} --wait=ssh`",
        )  # fmt: skip
    if seen.phase in {"Succeeded", "Failed"}:
        return Stage(
            "machine", f"it has ended, phase {seen.phase}", f"see `{program} why {name}{place}`"
        )
    if seen.phase != "Running":
        return Stage(
            "pod", f"it is not up yet: {seen.stage()}", f"see `{program} why {name}{place}`"
        )
    if seen.holds("Paused"):
        return Stage(
            "machine", "it is paused", f"let it go on with `{program} unpause {name}{place}`"
        )
    return None


def _port(
    session: Session, machine: Named, namespace: str, seen: Seen, port: int
) -> Stage | None:  # fmt: skip
    """A port that is closed, or that no SSH server answers at."""
    from virtctl.cli.drive import drive
    from virtctl.client.probes import ssh_state

    found = drive(ssh_state(session.rest, namespace, machine.name, port))
    if not found.why:
        return None
    agent = "its guest agent is connected" if seen.holds("AgentConnected") else "no guest agent yet"
    where = f" -n {namespace}" if namespace != session.namespace else ""
    hint = f"{session.env.program} logs {machine.name}{where} --tail 20"
    return Stage(found.stage, f"{found.why} ({agent})", f"`{hint}` shows whether it has booted")


def _login(session: Session, machine: Named, login: Login, port: int, lasted: float) -> Stage:
    """A host key that changed or a login that was refused, or a connection that was cut."""
    if lasted > GRACE_SECONDS:
        return Stage("connection", "it was cut; the machine answers ssh again by now")
    from virtctl.cli.builtin import greeting  # paramiko costs 100 ms
    from virtctl.errors import StreamError

    try:
        found = greeting(session, machine, login, port)
    except StreamError as error:
        return Stage(getattr(error, "stage", "port"), str(error), error.hint or "")
    who = login.user or "nobody"
    if found.let_in:
        return Stage("session", f"{who} was let in, and the connection was cut or 255 returned")
    return Stage(
        "authentication",
        f"no key let {who} in; the machine takes {', '.join(found.methods) or 'nothing'}",
        f"name a key with --identity-file, or add one with `{session.env.program} credentials "
        "add-ssh-key`",
    )
