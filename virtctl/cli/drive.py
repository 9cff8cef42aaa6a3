"""From a synchronous command into an async body, once per process."""

from __future__ import annotations

from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")


def drive(body: Coroutine[object, object, T]) -> T:
    """Run ``body`` to its end. Ctrl-C cancels it, lets it clean up, raises KeyboardInterrupt."""
    import asyncio  # costs 30 ms, and most commands need none

    return asyncio.run(body)


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end the body as Ctrl-C does, so that it cleans up."""
    import signal

    names = [name for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {name: signal.getsignal(getattr(signal, name)) for name in names}
    try:
        for name in names:
            signal.signal(getattr(signal, name), signal.default_int_handler)
        yield
    finally:
        for name, handler in before.items():
            signal.signal(getattr(signal, name), handler)
