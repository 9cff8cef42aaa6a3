"""Waiting for a machine to reach a state, and saying what is waited for and how far it came."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import NamedTuple

from virtctl.cli.durations import seconds
from virtctl.cli.session import Session
from virtctl.client.resources import find
from virtctl.errors import Conflict, UsageError, VirtctlError, WaitTimeout
from virtctl.models.documents import Document, objects, text, uid_of
from virtctl.models.kinds import VIRTUAL_MACHINE, VIRTUAL_MACHINE_INSTANCE

_FINAL = frozenset({"Succeeded", "Failed"})
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 1.0


class Awaited(StrEnum):
    """States that can be waited for."""

    READY = "ready"
    RUNNING = "running"
    IP = "ip"
    AGENT = "agent"
    SSH = "ssh"
    CLOUD_INIT = "cloud-init"
    STOPPED = "stopped"
    DELETED = "deleted"


class Seen(NamedTuple):
    """What was seen of a machine at one moment."""

    vm: Document | None
    vmi: Document | None

    @property
    def phase(self) -> str:
        """The instance's phase; empty without one."""
        return text(self.vmi or {}, "status", "phase")

    @property
    def address(self) -> str:
        """The address it is reached at."""
        return next(
            (
                a
                for i in objects(self.vmi or {}, "status", "interfaces")
                if (a := text(i, "ipAddress"))
            ),
            "",
        )

    def condition(self, name: str) -> Document:
        """A condition of the instance; empty without it."""
        return next(
            (c for c in objects(self.vmi or {}, "status", "conditions") if text(c, "type") == name),
            {},
        )

    def holds(self, name: str) -> bool:
        """Whether a condition is True."""
        return text(self.condition(name), "status") == "True"

    def stage(self) -> str:
        """How far it came, in a few words."""
        if self.vm is None and self.vmi is None:
            return "it does not exist"
        if self.vmi is None:
            status = text(self.vm or {}, "status", "printableStatus") or "unknown"
            return f"it has no running instance, status {status}"
        parts = [f"phase {self.phase or 'Pending'}"]
        for name in ("PodScheduled", "Synchronized", "Ready"):
            found = self.condition(name)
            if text(found, "status") == "False" and text(found, "message"):
                parts.append(f"{name} is False: {text(found, 'message')}")
                break
        if self.phase == "Running":
            parts.append(f"address {self.address}" if self.address else "no address yet")
            parts.append("agent connected" if self.holds("AgentConnected") else "no guest agent")
        return ", ".join(parts)


class Patience(NamedTuple):
    """A state and how long to wait for it."""

    state: Awaited
    seconds: float

    def instance_uid(self, session: Session, name: str) -> str:
        """UID of the present instance, so that its successor can be told from it."""
        vmi = find(session.rest, VIRTUAL_MACHINE_INSTANCE, session.namespace, name)
        return uid_of(vmi) if vmi else ""

    def until(self, session: Session, name: str, *, not_uid: str = "") -> str:
        """Wait; returns the line to print.

        Raises ``WaitTimeout`` when it does not come in time, ``VirtctlError`` when it cannot come.
        """
        env = session.env
        deadline = env.monotonic() + self.seconds
        pause, told, problem = _FIRST_PAUSE, "", ""
        while True:
            seen = look(session, name)
            fresh = not not_uid or uid_of(seen.vmi or {}) != not_uid
            if fresh and reached(self.state, seen):
                problem = self._probe(session, name)
                if not problem:
                    return f"VM {name} {_DONE[self.state].format(address=seen.address)}"
            _give_up(self.state, seen, name)
            stage = f"{seen.stage()}{', ' + problem if problem else ''}"
            if stage != told:
                session.line(f"waiting for {self.state} of VM {name}: {stage}")
                told = stage
            left = deadline - env.monotonic()
            if left <= 0:
                raise WaitTimeout(
                    f"{self.state} of VM {name}",
                    self.seconds,
                    f"at the end {stage}",
                    _look_at(env.program, seen, name),
                )
            env.sleep(min(pause, left))
            pause = min(pause * 1.3, _LONGEST_PAUSE if not problem else 0.25)

    def _probe(self, session: Session, name: str) -> str:
        """What keeps a machine from the state though it runs; empty when nothing does."""
        if self.state is Awaited.CLOUD_INIT:
            from virtctl.cli.cloudinit import unfinished

            return unfinished(session, name)
        if self.state is not Awaited.SSH:
            return ""
        from virtctl.cli.drive import drive
        from virtctl.client.probes import ssh_problem  # websockets cost 80 ms

        return drive(ssh_problem(session.rest, session.namespace, name, 22))


_DONE = {
    Awaited.READY: "is ready",
    Awaited.RUNNING: "is running",
    Awaited.IP: "is reached at {address}",
    Awaited.AGENT: "has its guest agent connected",
    Awaited.SSH: "answers ssh",
    Awaited.CLOUD_INIT: "has run cloud-init",
    Awaited.STOPPED: "is stopped",
    Awaited.DELETED: "is deleted",
}


def look(session: Session, name: str, namespace: str = "") -> Seen:
    """What the cluster says of a machine now; without a ``namespace``, of the session's."""
    rest, namespace = session.rest, namespace or session.namespace
    vmi = find(rest, VIRTUAL_MACHINE_INSTANCE, namespace, name)
    return Seen(find(rest, VIRTUAL_MACHINE, namespace, name), vmi)


def reached(state: Awaited, seen: Seen) -> bool:
    """Whether ``seen`` is ``state``; of ssh and cloud-init, what comes before they are asked."""
    running = seen.phase == "Running"
    if state is Awaited.READY:
        return running and seen.holds("Ready")
    if state in {Awaited.RUNNING, Awaited.CLOUD_INIT}:
        return running
    if state in {Awaited.IP, Awaited.SSH}:
        return running and bool(seen.address)
    if state is Awaited.AGENT:
        return running and seen.holds("AgentConnected")
    if state is Awaited.DELETED:
        return seen.vm is None and seen.vmi is None
    return seen.vmi is None or seen.phase in _FINAL


def _give_up(state: Awaited, seen: Seen, name: str) -> None:
    """Raise when nothing will change by itself."""
    if state in {Awaited.STOPPED, Awaited.DELETED}:
        return
    if seen.vm is None and seen.vmi is None:
        raise VirtctlError(f"VM {name} does not exist")
    strategy = text(seen.vm or {}, "spec", "runStrategy")
    if seen.phase == "Failed" and (seen.vm is None or strategy in {"Once", "Halted", "Manual"}):
        why = text(seen.condition("Synchronized"), "message") or text(
            seen.vmi or {}, "status", "reason"
        )
        raise VirtctlError(
            f"VM {name} failed{': ' + why if why else ''}",
            f"look at `virtctl get events` and `virtctl local logs vm/{name}`",
        )


def _look_at(program: str, seen: Seen, name: str) -> str:
    if seen.vmi is None:
        return f"look at `{program} get vm {name} -o yaml` and `{program} get events`"
    if seen.phase != "Running":
        return f"look at `{program} get events` and `{program} get vmi {name} -o yaml`"
    return f"look at what the guest says: `{program} console {name}`"


def awaited(
    wait: str, timeout: str, *, default: Awaited, flag: str = "--wait"
) -> Patience | None:  # fmt: skip
    """Read ``--wait`` (or ``flag``) and ``--timeout``; None when no waiting was asked for."""
    if wait in {"", "false"}:
        return None
    limit = seconds(timeout, "--timeout")
    if wait in {"default", "true"}:
        return Patience(default, limit)
    try:
        return Patience(Awaited(wait.lower()), limit)
    except ValueError:
        known = ", ".join(Awaited)
        raise UsageError(
            f"invalid argument `{wait}` for flag `{flag}`: must be one of {known}"
        ) from None


@contextmanager
def already(session: Session, name: str, patience: Patience | None) -> Iterator[None]:
    """With ``--wait``, a machine that is on its way already is no error."""
    try:
        yield
    except Conflict as error:
        if patience is None or not any(
            word in str(error) for word in ("already", "not running", "Halted")
        ):
            raise
        session.line(f"VM {name}: {error.message}")
