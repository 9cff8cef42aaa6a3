"""Everything that can go wrong while making or running one machine.

* ``LauncherError``
    * ``SpecError`` - the machine cannot be built from what was asked
    * ``HostError`` - the host lacks something or refused something
        * ``ImageRefused`` - a disk image that nobody may be given
        * ``ProgramError`` - a program that we ran failed
        * ``PlanFailed`` - an op of a plan failed; what was done before it has been undone
        * ``VerifyFailed`` - the host differs from the plan after applying it
    * ``HypervisorError`` - libvirt or QEMU refused
    * ``AgentError`` - the guest agent is absent or refused
    * ``LauncherGone`` - no launcher process answers for the machine
    * ``Timeout`` - something awaited did not come

Each class takes facts and makes the sentence. ``retry_helps`` tells whether the same call may
succeed later without anybody changing anything.
"""

from __future__ import annotations

from collections.abc import Sequence


class LauncherError(Exception):
    """Base of all errors of this package."""

    retry_helps = False
    hint: str | None = None


class SpecError(LauncherError):
    """The machine that was asked for cannot be built.

    ``path`` is the field in the user's terms, ``problem`` one sentence without a period.
    """

    def __init__(self, path: str, problem: str, hint: str | None = None) -> None:
        self.path, self.problem, self.hint = path, problem, hint
        super().__init__(f"{path}: {problem}")


class HostError(LauncherError):
    """The host lacks or refuses something; ``hint`` names the remedy when it is known."""

    def __init__(self, problem: str, hint: str | None = None) -> None:
        self.problem, self.hint = problem, hint
        super().__init__(problem)


class ImageRefused(HostError):
    """An image refers to other files, is damaged, or holds more than it may."""


class ProgramError(HostError):
    """A program ended with an error."""

    def __init__(self, argv: Sequence[str], returncode: int, stderr: str) -> None:
        self.argv, self.returncode, self.stderr = tuple(argv), returncode, stderr
        said = stderr.strip().splitlines()
        super().__init__(
            f"`{argv[0]}` exited with {returncode}" + (f": {said[-1]}" if said else "")
        )


class PlanFailed(HostError):
    """One op of a plan failed; the ops before it were undone."""

    def __init__(self, op: str, cause: str) -> None:
        self.op = op
        super().__init__(f"`{op}` failed: {cause}")


class VerifyFailed(HostError):
    """The host is not as planned after applying the plan; ``mismatches`` name each path."""

    def __init__(self, mismatches: Sequence[str]) -> None:
        self.mismatches = tuple(mismatches)
        super().__init__("not as planned: " + "; ".join(mismatches))


class HypervisorError(LauncherError):
    """libvirt or QEMU refused; the text is theirs."""


class AgentError(LauncherError):
    """The guest agent is absent, too old, or refused a command."""

    retry_helps = True


class LauncherGone(LauncherError):
    """No launcher process answers for the machine."""

    retry_helps = True


class Timeout(LauncherError):
    """Something did not come in time: what, how far it came, and where to look."""

    retry_helps = True

    def __init__(self, awaited: str, seconds: float, reached: str, look_at: str) -> None:
        self.awaited, self.seconds, self.reached, self.look_at = awaited, seconds, reached, look_at
        self.hint = look_at
        super().__init__(f"{awaited} did not come within {seconds:g} s; {reached}")
