"""The machine's state: held in memory, kept on disk for whoever comes later, told to listeners."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec

from launcher import state as states
from launcher.state import MachineState, Stage


class Ledger:
    """Holds one ``MachineState``. Used from the event loop only."""

    def __init__(
        self, first: MachineState, path: Path, clock: Callable[[], float] = time.time
    ) -> None:
        self._path, self._clock = path, clock
        self._changed = asyncio.Condition()
        self._announcements: set[asyncio.Task[None]] = set()
        self._state = msgspec.structs.replace(first, serial=1, since=clock())
        self._write()

    @property
    def state(self) -> MachineState:
        """The latest state."""
        return self._state

    def update(self, **changes: object) -> None:
        """Set fields. ``serial`` grows and listeners hear of it only when something differs."""
        new = msgspec.structs.replace(self._state, **changes)
        if new == self._state:
            return
        since = self._state.since if new.stage is self._state.stage else self._clock()
        self._state = msgspec.structs.replace(new, serial=self._state.serial + 1, since=since)
        self._write()
        task = asyncio.get_running_loop().create_task(self._announce())
        self._announcements.add(task)
        task.add_done_callback(self._announcements.discard)

    def note(self, text: str) -> None:
        """Add a note, once."""
        if text not in self._state.notes:
            self.update(notes=(*self._state.notes, text))

    async def states(self) -> AsyncIterator[MachineState]:
        """The state now and after every change, ending with the final one; some may be skipped."""
        seen = 0
        while True:
            async with self._changed:
                while self._state.serial <= seen:
                    await self._changed.wait()
            state = self._state
            seen = state.serial
            yield state
            if state.stage.final:
                return

    async def reach(self, *stages: Stage) -> MachineState:
        """Wait until the machine is in one of the stages."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._state.stage in stages)
        return self._state

    async def _announce(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    def _write(self) -> None:
        # Not synced to disk: after a power cut there is no machine left to have a state.
        draft = self._path.with_suffix(".draft")
        draft.write_bytes(states.encode(self._state))
        draft.replace(self._path)
