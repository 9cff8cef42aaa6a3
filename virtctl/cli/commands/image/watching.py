"""Progress of long work: bars on a terminal, one line for each step elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from virtctl.cli.session import Session

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from virtctl.local.images.library import Progress as Watcher


@contextmanager
def watching(session: Session) -> Iterator[Watcher]:
    """Something to watch with; what it shows is talk, on stderr."""
    if not session.env.is_tty(session.env.stderr):
        yield Lines(session)
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(file=session.env.stderr, highlight=False)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        yield Bars(progress)


class Lines:
    """One line when a step begins."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._last = ""

    def __call__(self, what: str, done: int = 0, total: int = 0) -> None:
        """Say ``what`` unless it was said."""
        del done, total  # a line does not move
        if what != self._last:
            self._last = what
            self._session.line(what)


class Bars:
    """A bar for each step; one without an end moves to and fro."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._last = ""
        self._task: TaskID | None = None

    def __call__(self, what: str, done: int = 0, total: int = 0) -> None:
        """Move the bar of ``what``; a new one ends that of the step before."""
        if what != self._last or self._task is None:
            self.finish()
            self._last = what
            self._task = self._progress.add_task(what, total=None)
        self._progress.update(self._task, completed=done, total=total or None)

    def finish(self) -> None:
        """Show the step under way as done."""
        if self._task is not None:
            completed = self._progress.tasks[-1].completed
            self._progress.update(self._task, total=max(completed, 1), completed=max(completed, 1))
