"""Taking an instance down, and telling what it has on the host; no daemon is needed for either."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from launcher import hostnet, lifecycle
from launcher.errors import LauncherError, LauncherGone
from launcher.layout import MachineLayout
from launcher.lifecycle import Command
from virtctl.errors import LocalError
from virtctl.local.config import LocalConfig
from virtctl.local.layout import InstanceLayout
from virtctl.local.node import ondisk
from virtctl.local.node.networks import network_of
from virtctl.local.node.ondisk import KeptMachine

Say = Callable[[str], None]

_STRAYS_GONE = 5.0


@dataclass(frozen=True)
class Patience:
    """How long is waited, in seconds.

    A launcher's ``answer`` takes milliseconds; one that gives none in time never will. One whose
    guest ignores the power button for its whole grace period ends it itself, within ``margin``.
    """

    answer: float = 20.0
    margin: float = 20.0


_PATIENCE = Patience()


async def stop_guests(
    layout: InstanceLayout, *, grace: float | None, say: Say, patience: Patience = _PATIENCE
) -> list[str]:
    """Shut all guests down, kill those that do not go, remove their directories.

    ``grace`` in seconds overrides each machine's own. Returns the names of those that ran. Raises
    ``LocalError`` about those that cannot be ended, once all others are.
    """
    found = ondisk.machines(layout)
    ended = await asyncio.gather(
        *(_stop(each, grace, say, patience) for each in found), return_exceptions=True
    )
    await asyncio.to_thread(end_strays, layout)
    problems = [each for each in ended if isinstance(each, LocalError)]
    for each in ended:
        if isinstance(each, BaseException) and not isinstance(each, LocalError):
            raise each
    if problems:
        raise LocalError("; ".join(str(problem) for problem in problems), problems[0].hint)
    return [name for name in ended if isinstance(name, str) and name]


async def _stop(machine: KeptMachine, grace: float | None, say: Say, patience: Patience) -> str:
    name, ran = machine.title, machine.alive
    if ran:
        seconds = machine.grace if grace is None else grace
        say(f"shutting down {name}, which may take {seconds:g} s")
        problem = await _shut_down(machine.place, seconds, patience)
        if problem:
            say(f"{name} {problem} and was ended")
    try:
        await lifecycle.destroy(machine.place)
    except LauncherError as error:
        raise LocalError(f"machine {name}: {error}", error.hint) from error
    return name if ran else ""


async def _shut_down(place: MachineLayout, grace: float, patience: Patience) -> str:
    """Ask and wait; why the guest did not end by itself, or nothing."""
    try:
        async with asyncio.timeout(patience.answer):
            control = await lifecycle.connect(place)
            await control.request(Command.SHUTDOWN, grace=grace)
    except LauncherGone:
        return ""
    except (TimeoutError, LauncherError):
        return "has a launcher that does not answer"
    try:
        async with asyncio.timeout(grace + patience.margin):
            async for state in control.states():
                if state.stage.final:
                    return ""
    except LauncherGone:
        return ""
    except (TimeoutError, LauncherError):
        pass
    return f"did not shut down within {grace:g} s"


def end_strays(layout: InstanceLayout, seconds: float = _STRAYS_GONE) -> None:
    """Kill launchers of the instance that no machine's directory tells of any more.

    A launcher whose starter was killed at a bad moment has not noted itself yet.
    """
    deadline = time.monotonic() + seconds
    while (left := strays(layout)) and time.monotonic() < deadline:
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)


def strays(layout: InstanceLayout) -> list[int]:
    """Ids of launchers' processes, known by their command line."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if _runs_here((entry / "cmdline").read_bytes().split(b"\0"), layout):
                    found.append(int(entry.name))
    return found


def _runs_here(argv: Sequence[bytes], layout: InstanceLayout) -> bool:
    """Whether this is ``python -m launcher run DIRECTORY`` with a directory of ours."""
    home = os.fsencode(layout.root / "vms") + b"/"
    return b"launcher" in argv and b"run" in argv and any(word.startswith(home) for word in argv)


def undo_host(layout: InstanceLayout, config: LocalConfig | None) -> bool:
    """Remove pods' and nodes' networks and what was changed on the host; whether there was any.

    Raises ``LocalError`` naming what could not be removed.
    """
    if config is None:
        return False
    network = network_of(layout, config)
    there = bool(hostnet.leftovers(network))
    try:
        hostnet.down(network)
    except LauncherError as error:
        raise LocalError(str(error), error.hint) from error
    return there


def leftovers(layout: InstanceLayout, config: LocalConfig | None) -> tuple[str, ...]:
    """What of the instance still exists outside its directory."""
    alive = [f"launcher process {pid}" for pid in strays(layout)]
    if config is None:
        return tuple(alive)
    return (*alive, *hostnet.leftovers(network_of(layout, config)))


def changes(layout: InstanceLayout, config: LocalConfig | None) -> Iterable[str]:
    """What of ours the host has now, a line each. Raises ``LocalError`` when it cannot be seen."""
    if config is None:
        return ()
    try:
        return hostnet.leftovers(network_of(layout, config))
    except LauncherError as error:
        raise LocalError(str(error), error.hint) from error
