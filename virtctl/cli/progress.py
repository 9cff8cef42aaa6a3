"""Progress of bytes on their way: a bar on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

from typing import Protocol

from virtctl.cli.session import Session

_WIDTH = 30
_REDRAW = 0.1
_TELL = 10.0  # seconds between lines where there is no terminal
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


class _Readable(Protocol):
    def read(self, size: int) -> bytes: ...


class Progress:
    """Counts bytes of ``total`` (0: unknown) and shows them on stderr."""

    def __init__(self, session: Session, what: str, total: int) -> None:
        env = session.env
        self._session = session
        self._what = what
        self._total = total
        self._done = 0
        self._bar = env.is_tty(env.stderr) and env.environ.get("TERM") != "dumb"
        self._next = 0.0 if self._bar else env.monotonic() + _TELL

    def add(self, count: int) -> None:
        """Count bytes."""
        self._done += count
        now = self._session.env.monotonic()
        if now >= self._next:
            self._next = now + (_REDRAW if self._bar else _TELL)
            self._show()

    def reset(self) -> None:
        """Begin again."""
        self._done = 0

    def finish(self) -> None:
        """Show where it ended."""
        self._show()
        if self._bar:
            self._session.env.stderr.write("\n")
            self._session.env.stderr.flush()

    def _show(self) -> None:
        said = f"{self._what} {size(self._done)}"
        if self._total:
            percent = min(100 * self._done // self._total, 100)
            said = f"{said} of {size(self._total)}, {percent} %"
            if self._bar:
                full = percent * _WIDTH // 100
                said = f"{said} [{'=' * full}{' ' * (_WIDTH - full)}]"
        if self._bar:
            self._session.env.stderr.write(f"\r{said}\x1b[K")
            self._session.env.stderr.flush()
        else:
            self._session.line(said)


class Counted:
    """A file whose bytes are counted as they are read."""

    def __init__(self, stream: _Readable, progress: Progress) -> None:
        self._stream = stream
        self._progress = progress

    def read(self, size: int) -> bytes:
        """At most ``size`` bytes."""
        data = self._stream.read(size)
        self._progress.add(len(data))
        return data


def size(count: int) -> str:
    """``1.5 GiB``."""
    amount, unit = float(count), 0
    while amount >= 1024 and unit < len(_UNITS) - 1:
        amount, unit = amount / 1024, unit + 1
    return f"{amount:.1f} {_UNITS[unit]}" if unit else f"{count} B"
