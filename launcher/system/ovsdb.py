"""A client of OVSDB servers: one connection, one request at a time, nothing in the background.

Used from one thread. A connection costs 0.2 ms, a transaction 1 ms. Failures are ``HostError``.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from launcher.errors import HostError, Timeout
from launcher.net import ovsdb
from launcher.net.ovsdb import Condition, Json, Operation, Row, Splitter

_BUFFER = 1 << 18
_LONGEST = 107  # bytes of a socket's path (unix(7))


class Ovsdb:
    """A connection to one database. Use it in a ``with`` statement."""

    def __init__(self, path: Path, database: str = "Open_vSwitch", *, timeout: float = 60) -> None:
        """Connect to a server's socket; ``timeout`` in seconds is that of each answer.

        Raises ``HostError`` when nobody listens.
        """
        self._path, self.database, self._timeout = path, database, timeout
        self._number = 0
        self._splitter = Splitter()
        self._waiting: list[Json] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with _reachable(path) as name:
                self._socket.connect(name)
        except OSError as error:
            self._socket.close()
            raise HostError(f"no OVSDB server answers at `{path}`: {error.strerror}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the connection."""
        self._socket.close()

    def transact(self, *operations: Operation) -> list[Json]:
        """Carry out operations, all or none; raises ``HostError`` with the first one's failure."""
        results = self.call("transact", [self.database, *operations])
        found = results if isinstance(results, list) else []
        if problem := ovsdb.failure(found):
            raise HostError(f"the database {self.database} refused: {problem}")
        return found

    def select(
        self, table: str, conditions: Sequence[Condition] = (), columns: Iterable[str] = ()
    ) -> list[Row]:
        """Rows of a table."""
        (result,) = self.transact(ovsdb.select(table, conditions, columns))
        return ovsdb.rows_of(result)

    def call(self, method: str, params: Sequence[Json]) -> Json:
        """Ask and wait for the answer; raises ``HostError`` or ``Timeout``."""
        self._number += 1
        self._send(ovsdb.build_request(self._number, method, params))
        deadline = time.monotonic() + self._timeout
        while True:
            for message in self._waiting:
                if isinstance(message, dict) and message.get("id") == self._number:
                    self._waiting.clear()
                    if message.get("error"):
                        raise HostError(f"`{method}` of {self.database}: {message['error']}")
                    return message.get("result")
            self._waiting.clear()
            if not self._receive(deadline):
                reached = "the server is there but does not answer"
                raise Timeout(f"answer to `{method}`", self._timeout, reached, str(self._path))

    def _send(self, data: bytes) -> None:
        self._socket.settimeout(self._timeout)
        try:
            self._socket.sendall(data)
        except OSError as error:
            raise HostError(f"the OVSDB server at `{self._path}` is gone: {error}") from error

    def _receive(self, deadline: float) -> bool:
        """Take what comes until then; whether anything came."""
        self._socket.settimeout(max(deadline - time.monotonic(), 0.001))
        try:
            data = self._socket.recv(_BUFFER)
        except TimeoutError:
            return False
        except OSError as error:
            raise HostError(f"the OVSDB server at `{self._path}` is gone: {error}") from error
        if not data:
            raise HostError(f"the OVSDB server at `{self._path}` ended the connection")
        for message in self._splitter.feed(data):
            self._take(message)
        return True

    def _take(self, message: Json) -> None:
        method = message.get("method") if isinstance(message, dict) else None
        if not isinstance(message, dict) or method is None:
            self._waiting.append(message)
        elif method == "echo":
            self._send(ovsdb.build_reply(message.get("id"), message.get("params")))


@contextmanager
def _reachable(path: Path) -> Iterator[str]:
    """A name for a socket that is short enough, whatever its path is."""
    if len(os.fsencode(path)) <= _LONGEST:
        yield str(path)
        return
    fd = os.open(path.parent, os.O_PATH | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{fd}/{path.name}"
    finally:
        os.close(fd)
