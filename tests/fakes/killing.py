"""Writers, watchers and a server that is killed under them, for the tests of faults."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from pathlib import Path

import httpx
import msgspec

from tests.fakes.waiting import until
from virtctl.local.api.contract import Listing
from virtctl.local.api.service import ApiService
from virtctl.local.store.revisions import Store
from virtctl.local.store.sqlite import SqliteLog
from virtctl.models.kinds import CONFIG_MAP

ROOT = Path(__file__).parents[2]
MAPS = "/api/v1/namespaces/default/configmaps"
MERGE = {"content-type": "application/merge-patch+json"}


class Writer:
    """Creates, changes and deletes one object for ever, and remembers what it was told.

    ``known`` is the number in the object that was acknowledged last, None when it was deleted;
    ``asked`` is what the request under way would make of it.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.number = 0
        self.answered = 0
        self.known: int | None = None
        self.asked: int | None = None

    async def run(self, client: httpx.AsyncClient) -> None:
        while True:
            self.number += 1
            self.asked = self.number
            if self.known is None:
                body = {"metadata": {"name": self.name}, "data": self._data()}
                answer = await client.post(MAPS, json=body)
                assert answer.status_code == 201, answer.text
            elif self.number % 10 == 0:
                self.asked = None
                answer = await client.delete(f"{MAPS}/{self.name}")
                assert answer.status_code == 200, answer.text
            else:
                body = msgspec.json.encode({"data": self._data()})
                answer = await client.patch(f"{MAPS}/{self.name}", content=body, headers=MERGE)
                assert answer.status_code == 200, answer.text
            self.known = self.asked
            self.answered += 1

    def _data(self) -> dict[str, str]:
        """Two members of one object: half of a write would show."""
        return {"n": str(self.number), "again": f"{self.number}" * 200}

    def check(self, found: dict[str, dict]) -> None:
        """What was acknowledged is there, or what was asked for and not answered any more."""
        item = found.get(self.name)
        number = None if item is None else int(item["data"]["n"])
        assert number in {self.known, self.asked}, (self.name, number, self.known, self.asked)
        if item is not None:
            assert item["data"]["again"] == item["data"]["n"] * 200
        self.known = number


class Watcher:
    """Follows the objects over all ends of its watch, and lists only when told to by a 410.

    ``answered`` counts the watches that began.
    """

    def __init__(self) -> None:
        self.seen: dict[str, dict] = {}
        self.revision = 0
        self.lists = 0
        self.answered = 0

    async def run(self, client: httpx.AsyncClient) -> None:
        if not self.revision:
            await self._list(client)
        while True:
            query = {"watch": "true", "resourceVersion": str(self.revision)}
            async with client.stream("GET", MAPS, params=query, timeout=None) as answer:
                assert answer.status_code == 200
                self.answered += 1
                async for line in answer.aiter_lines():
                    if not self._take(msgspec.json.decode(line)):
                        break
            if not self.revision:
                await self._list(client)

    async def _list(self, client: httpx.AsyncClient) -> None:
        listed = (await client.get(MAPS)).json()
        self.seen = {item["metadata"]["name"]: item for item in listed["items"]}
        self.revision = int(listed["metadata"]["resourceVersion"])
        self.lists += 1

    def _take(self, event: dict) -> bool:
        item = event["object"]
        if event["type"] == "ERROR":
            assert item["code"] == 410, item
            self.revision = 0
            return False
        revision = int(item["metadata"]["resourceVersion"])
        assert revision > self.revision, "a watch went back"
        name = item["metadata"]["name"]
        assert (event["type"] == "ADDED") == (name not in self.seen), "a watch missed something"
        self.revision = revision
        if event["type"] == "DELETED":
            del self.seen[name]
        else:
            self.seen[name] = item
        return True


@contextlib.asynccontextmanager
async def serving(home: Path, *words: str):
    """A client of a server process that is killed at the end."""
    argv = [sys.executable, "-m", "tests.fakes.killableserver", str(home), *words]
    with subprocess.Popen(  # noqa: ASYNC220 - starting it is quick
        argv, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as server:
        try:
            assert (await asyncio.to_thread(server.stdout.readline)).strip() == "ready"
            transport = httpx.AsyncHTTPTransport(uds=str(home / "api.sock"))
            async with httpx.AsyncClient(
                transport=transport, base_url="http://api", timeout=60
            ) as client:
                client.server = server
                yield client
        finally:
            server.kill()


async def run_and_kill(home: Path, seconds: float, workers: list, *words: str) -> None:
    """Let workers work for some time, kill the server under them, and see them end by that.

    The time counts from when each has been answered once: a slow machine answers late.
    """
    async with serving(home, *words) as client:
        before = [worker.answered for worker in workers]
        tasks = [asyncio.create_task(worker.run(client)) for worker in workers]

        def begun() -> bool:
            now = [worker.answered for worker in workers]
            return all(a > b for a, b in zip(now, before, strict=True)) or any(
                task.done() for task in tasks
            )

        await until(begun)
        await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_EXCEPTION)
        client.server.kill()
        for ended in await asyncio.gather(*tasks, return_exceptions=True):
            assert isinstance(ended, httpx.TransportError), ended


def stored(home: Path) -> dict[str, dict]:
    """The objects on disk, by name, as a next server would find them."""
    return {item["metadata"]["name"]: item for item in _found(home).items}


def revision(home: Path) -> int:
    """The newest revision on disk."""
    return _found(home).resource_version


def _found(home: Path) -> Listing:
    store = Store(SqliteLog(home / "store.db"))
    try:
        return ApiService(store).list(CONFIG_MAP, "default")
    finally:
        store.close()
