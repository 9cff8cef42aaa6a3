"""An API server over SQLite that says ``ready`` and serves until it is killed: a program.

Its arguments are the directory, how many changes it remembers, and the time that it believes in.
"""

import asyncio
import sys
import time
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from tests.fakes.attach import FakeMachines, FakePods
from virtctl.local.api.discovery import ServerInfo
from virtctl.local.api.openapi import ModelOpenApi
from virtctl.local.api.service import ApiService, World
from virtctl.local.http.app import create_app
from virtctl.local.http.identity import KeyIdentity
from virtctl.local.http.serving import serve
from virtctl.local.store.revisions import Store
from virtctl.local.store.sqlite import SqliteLog


def world(now) -> World:
    numbers = count(time.time_ns())
    return World(
        now=lambda: datetime.fromtimestamp(now(), UTC),
        new_uid=lambda: f"uid-{next(numbers)}",
        choose=lambda alphabet: alphabet[0],
    )


async def main(home: Path, history: int = 4096, began: float = 0) -> None:
    """Serve the store in ``home`` for ever."""
    shift = began - time.time() if began else 0

    def now() -> float:
        return time.time() + shift

    log = SqliteLog(home / "store.db", history, now)
    service = ApiService(Store(log), world=world(now))
    service.group()
    service.ensure_namespace("default")
    await service.settled()
    app = create_app(
        service, FakeMachines(), FakePods(), KeyIdentity(b"key"), ServerInfo(), ModelOpenApi()
    )
    await serve(app, uds=home / "api.sock")
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    given = sys.argv[2:]
    asyncio.run(main(Path(sys.argv[1]), *map(int, given[:1]), *map(float, given[1:])))
