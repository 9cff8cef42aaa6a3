"""Less memory for a process that starts with much work and then waits."""

from __future__ import annotations

import ctypes
import gc

_ARENA_MAX = -8  # M_ARENA_MAX of mallopt(3)
_ARENAS = 2


def prepare() -> None:
    """Before anything is loaded: what is made in the start stays, so that no garbage is looked for.

    Threads share heaps: each of its own would keep what it once needed.
    """
    gc.disable()
    _call("mallopt", _ARENA_MAX, _ARENAS)


def give_back() -> None:
    """Return what the start has needed, and look at what stays no more when collecting garbage."""
    gc.collect()
    gc.freeze()
    gc.enable()
    _call("malloc_trim", 0)


def _call(name: str, *words: int) -> None:
    """A function of glibc; others have none, and need none."""
    function = getattr(ctypes.CDLL(None), name, None)
    if function is not None:
        function(*words)
