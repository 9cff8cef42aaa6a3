"""The same for many names at once, with results in the order of the names."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import NamedTuple

_WORKERS = 8


class Result(NamedTuple):
    """What came of one name: its line, or the error in its place."""

    name: str
    line: str = ""
    error: BaseException | None = None


def in_order(
    names: list[str], act: Callable[[str], str], leave: Callable[[], None] = lambda: None
) -> Iterator[Result]:
    """Call ``act`` for up to eight names at once; yield each result when those before it are out.

    ``leave`` is called at the end of every thread. Threads do not outlive the process.
    """
    results: dict[int, Result] = {}
    changed = threading.Condition()
    waiting = list(enumerate(names))[::-1]

    def work() -> None:
        try:
            while True:
                with changed:
                    if not waiting:
                        return
                    position, name = waiting.pop()
                try:
                    result = Result(name, act(name))
                except BaseException as error:  # noqa: BLE001 - raised again by who reads it
                    result = Result(name, error=error)
                with changed:
                    results[position] = result
                    changed.notify_all()
        finally:
            leave()

    threads = [threading.Thread(target=work, daemon=True) for _ in names[:_WORKERS]]
    for thread in threads:
        thread.start()
    for position in range(len(names)):
        with changed:
            while position not in results:
                changed.wait(60)  # a wait without limit cannot be interrupted on every system
        yield results.pop(position)
    for thread in threads:
        thread.join()
