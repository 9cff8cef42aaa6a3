"""What is done to the host, on disk before it is done.

A journal is a file of JSON lines and may hold several plans, each under a name. A plan is *pending*
when the journal does not know it or it was taken back, *finished* when it was carried out and
verified, and *started* in between: then the one that carried it out died, and what is there is
anybody's guess.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

import msgspec

from launcher.errors import HostError
from launcher.ops.base import Plan, Undo
from launcher.ops.known import KnownOp
from launcher.system import files


class Progress(StrEnum):
    """How far a plan is."""

    PENDING = "pending"
    STARTED = "started"
    FINISHED = "finished"


class _Entry(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", omit_defaults=True):
    """A line of the journal."""

    plan: str


class Begun(_Entry, frozen=True, kw_only=True, tag="begun"):
    """A plan is about to be carried out in a named network namespace, or our own when empty."""

    netns: str = ""
    ops: tuple[KnownOp, ...]
    undo: tuple[tuple[KnownOp, ...], ...]


class Doing(_Entry, frozen=True, kw_only=True, tag="doing"):
    """The op at an index is about to be carried out."""

    step: int


class Finished(_Entry, frozen=True, kw_only=True, tag="finished"):
    """The plan was carried out and verified."""


class Undone(_Entry, frozen=True, kw_only=True, tag="undone"):
    """The plan was taken back."""


Entry = Begun | Doing | Finished | Undone


class Journal:
    """The journal in a file, which is made with the first entry."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def begin(self, plan: str, ops: Plan, undo: Undo, netns: str = "") -> None:
        """Note a plan and what takes it back."""
        files.make_directory(self.path.parent)
        # Ops are KnownOps here, or they could not be read back.
        entry = {"event": "begun", "plan": plan, "netns": netns, "ops": ops, "undo": undo}
        self._append(entry)

    def doing(self, plan: str, step: int) -> None:
        """Note that the op at an index comes now."""
        self._append(Doing(plan=plan, step=step))

    def finish(self, plan: str) -> None:
        """Note that a plan was carried out and verified."""
        self._append(Finished(plan=plan))

    def undone(self, plan: str) -> None:
        """Note that a plan was taken back."""
        self._append(Undone(plan=plan))

    def progress(self, plan: str) -> Progress:
        """How far a plan is."""
        match self._last(plan):
            case Begun() | Doing():
                return Progress.STARTED
            case Finished():
                return Progress.FINISHED
            case _:
                return Progress.PENDING

    def to_undo(self, plan: str) -> tuple[str, Plan]:
        """Network namespace, and ops that take back what was begun of a plan, last op first."""
        netns, steps = "", 0
        back: tuple[tuple[KnownOp, ...], ...] = ()
        for entry in self.entries():
            if entry.plan != plan:
                continue
            match entry:
                case Begun():
                    netns, back, steps = entry.netns, entry.undo, 0
                case Doing():
                    steps = entry.step + 1
                case Undone():
                    steps = 0
                case Finished():
                    pass
        return netns, tuple(op for ops in reversed(back[:steps]) for op in ops)

    def entries(self) -> tuple[Entry, ...]:
        """All entries in order; a last line that was cut off by a crash is left out.

        Raises ``HostError`` for a journal that cannot be read.
        """
        try:
            lines = self.path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return ()
        try:
            return tuple(msgspec.json.decode(line, type=Entry) for line in lines[:-1])
        except msgspec.DecodeError as error:
            raise HostError(f"the journal `{self.path}` cannot be read: {error}") from error

    def _last(self, plan: str) -> Entry | None:
        return next((e for e in reversed(self.entries()) if e.plan == plan), None)

    def _append(self, entry: object) -> None:
        files.append(self.path, msgspec.json.encode(entry) + b"\n")
