"""kill -9 of a daemon that starts machines while clients write: nothing is lost or restarted."""

import asyncio
import os
import random
import signal
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import httpx
import pytest

from tests.fakes.instance import Instance, processes, traces
from tests.fakes.killing import MAPS, Watcher, Writer
from tests.fakes.waiting import until

pytestmark = pytest.mark.vm
MACHINES = "/apis/kubevirt.io/v1/namespaces/default/virtualmachines"
INSTANCES = "/apis/kubevirt.io/v1/namespaces/default/virtualmachineinstances"
MOST = 3
PATIENCE = 150.0


def machine(name: str) -> dict:
    """A machine that has nothing to boot, and idles in its firmware."""
    devices = {"autoattachGraphicsDevice": False, "autoattachPodInterface": False}
    domain = {"memory": {"guest": "32Mi"}, "devices": devices}
    return {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachine",
        "metadata": {"name": name},
        "spec": {
            "runStrategy": "Always",
            "template": {"spec": {"terminationGracePeriodSeconds": 0, "domain": domain}},
        },
    }


@dataclass
class Owner:
    """Makes machines, and deletes the oldest when there are enough; remembers what he was told.

    ``unsure`` is a machine whose making or deletion was not answered.
    """

    pause: float
    names: Iterator[int] = field(default_factory=lambda: count(1))
    wanted: list[str] = field(default_factory=list)
    unsure: set[str] = field(default_factory=set)

    async def run(self, client: httpx.AsyncClient) -> None:
        while True:
            name = f"m{next(self.names)}"
            self.unsure.add(name)
            answer = await client.post(MACHINES, json=machine(name))
            assert answer.status_code == 201, answer.text
            self.wanted.append(name)
            self.unsure.discard(name)
            if len(self.wanted) > MOST:
                oldest = self.wanted.pop(0)
                self.unsure.add(oldest)
                answer = await client.delete(f"{MACHINES}/{oldest}")
                assert answer.status_code == 200, answer.text
                self.unsure.discard(oldest)
            await asyncio.sleep(self.pause)

    async def settle(self, client: httpx.AsyncClient) -> None:
        """Find what became of the doubtful ones; the others must be there, or gone."""
        items = (await client.get(MACHINES)).json()["items"]
        there = {item["metadata"]["name"] for item in items if not deleting(item)}
        assert set(self.wanted) <= there, "a machine was lost"
        assert there <= {*self.wanted, *self.unsure}, "a deleted machine is back"
        for name in sorted(there & self.unsure):
            answer = await client.delete(f"{MACHINES}/{name}")
            assert answer.status_code == 200
        self.unsure.clear()


def deleting(item: dict) -> bool:
    return "deletionTimestamp" in item["metadata"]


async def running(client: httpx.AsyncClient, home: Path) -> dict[str, tuple[str, str]]:
    """By the uids of running instances: their names, and their launchers' ids."""
    found = {}
    for item in (await client.get(INSTANCES)).json()["items"]:
        uid = item["metadata"]["uid"]
        if item.get("status", {}).get("phase") == "Running" and not deleting(item):
            launcher = (home / "vms" / uid / "launcher.pid").read_text()
            found[uid] = (item["metadata"]["name"], launcher)
    return found


def api(home: Path) -> httpx.AsyncClient:
    transport = httpx.AsyncHTTPTransport(uds=str(home / "api.sock"))
    return httpx.AsyncClient(transport=transport, base_url="http://api", timeout=60)


async def kill_early(instance: Instance, chance: random.Random) -> None:
    """Kill a daemon that is only starting."""
    up = asyncio.create_task(asyncio.to_thread(instance.run, "local", "up", code=None))
    await asyncio.sleep(chance.uniform(0.2, 1.2))
    with suppress(ProcessLookupError, FileNotFoundError, ValueError):
        os.kill(instance.pid, signal.SIGKILL)
    await up


async def kill_often(instance: Instance, moments: int) -> None:
    chance = random.Random(moments)
    home = instance.directory
    writers = [Writer(f"w{number}") for number in range(3)]
    owner, watcher = Owner(0.3), Watcher()
    before: dict[str, tuple[str, str]] = {}
    for moment in range(moments):
        async with api(home) as client:
            items = (await client.get(MAPS)).json()["items"]
            found = {item["metadata"]["name"]: item for item in items}
            for writer in writers:
                writer.check(found)
            await owner.settle(client)
            await check_same(client, home, before, owner)
            tasks = [asyncio.create_task(each.run(client)) for each in (*writers, owner, watcher)]
            await asyncio.wait(
                tasks, timeout=chance.uniform(0.05, 1.5), return_when=asyncio.FIRST_EXCEPTION
            )
            before = await running(client, home)
            os.kill(instance.pid, signal.SIGKILL)
            for ended in await asyncio.gather(*tasks, return_exceptions=True):
                assert isinstance(ended, httpx.TransportError), ended
        if moment % 4 == 3:
            await kill_early(instance, chance)
        await asyncio.to_thread(instance.up)
    async with api(home) as client:
        await owner.settle(client)
        await check_same(client, home, before, owner)

        async def all_run() -> bool:
            names = {name for name, _ in (await running(client, home)).values()}
            return names == set(owner.wanted) and len(list((home / "vms").iterdir())) == len(names)

        async with asyncio.timeout(PATIENCE):
            while not await all_run():  # noqa: ASYNC110 - polled, as clients do
                await asyncio.sleep(0.1)
        following = asyncio.create_task(watcher.run(client))
        items = (await client.get(MAPS)).json()["items"]
        expected = {item["metadata"]["name"]: item for item in items}
        await until(lambda: watcher.seen == expected or following.done())
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        assert watcher.seen == expected


async def check_same(
    client: httpx.AsyncClient, home: Path, before: dict[str, tuple[str, str]], owner: Owner
) -> None:
    """What ran, and shall run, runs on: the same instance in the same process."""
    wanted = {uid: each for uid, each in before.items() if each[0] in owner.wanted}

    async def again() -> bool:
        now = await running(client, home)
        for uid, (_, launcher) in wanted.items():
            assert (home / "vms" / uid / "launcher.pid").read_text() == launcher
            os.kill(int(launcher.split()[0]), 0)
        return wanted.items() <= now.items()

    async with asyncio.timeout(PATIENCE):
        while not await again():  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.05)


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[Instance]:
    made = Instance(tmp_path / "instance")
    try:
        made.up()
        yield made
    finally:
        log = (made.directory / "daemon.log").read_text()
        made.down()
    assert "Traceback" not in log, log[log.index("Traceback") :][:5000]
    assert traces(made) == []
    assert processes(made.directory) == []


@pytest.mark.timeout(900)
async def test_a_daemon_killed_at_some_moments(instance: Instance) -> None:
    await kill_often(instance, 4)


@pytest.mark.slow
@pytest.mark.timeout(5400)
async def test_a_daemon_killed_at_three_hundred_moments(instance: Instance) -> None:
    await kill_often(instance, 300)
