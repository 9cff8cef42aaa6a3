"""``local down``: guests shut down, daemon stopped, host as it was; with ``delete``, no file left.

Nothing here needs a living daemon: after a crash the machines' directories, the nodes' namespaces
and the note of what was changed on the host are still there.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable

from virtctl.errors import LocalError
from virtctl.local.daemon import directory, process
from virtctl.local.layout import InstanceLayout

Say = Callable[[str], None]

_LOOK_AGAIN = 0.1


async def down(layout: InstanceLayout, *, delete: bool, grace: float | None, say: Say) -> bool:
    """Take the instance down. ``grace`` in seconds overrides each machine's own.

    Returns whether there was anything. Waits while somebody else starts or stops it. Raises
    ``LocalError`` naming what could not be removed, and when the directory is not an instance's.
    """
    if not directory.is_instance(layout):
        if delete and layout.root.is_dir() and any(layout.root.iterdir()):
            raise LocalError(
                f"`{layout.root}` holds no instance, so nothing in it is removed",
                "name the right directory with `--dir`",
            )
        return False
    if os.geteuid() != 0:
        raise LocalError("`local down` ends what root has started", "run it with sudo")
    with await _turn(layout, say):
        there = await _stop(layout, grace, say)
        if delete:
            others = await asyncio.to_thread(directory.remove, layout)
            if others:
                say(f"kept in {layout.root}, being no part of it: {', '.join(others)}")
    return there or delete


async def _turn(layout: InstanceLayout, say: Say) -> directory.Turn:
    told = False
    while (turn := directory.take_turn(layout)) is None:
        if not told:
            say(f"waiting for another `local up` or `local down` of {layout.root}")
            told = True
        await asyncio.sleep(_LOOK_AGAIN)
    return turn


async def _stop(layout: InstanceLayout, grace: float | None, say: Say) -> bool:
    """Everything but the files; whether there was anything."""
    from virtctl.local.node import teardown

    was_running = await asyncio.to_thread(process.stop, layout)
    machines = await teardown.stop_guests(layout, grace=grace, say=say)
    config = directory.known_config(layout)
    changed = await asyncio.to_thread(teardown.undo_host, layout, config)
    left = await asyncio.to_thread(teardown.leftovers, layout, config)
    if left:
        raise LocalError("could not remove " + ", ".join(left), f"see `{layout.log}`")
    layout.socket.unlink(missing_ok=True)
    return was_running or bool(machines) or changed
