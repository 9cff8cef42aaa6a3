"""Disks that are full, read-only, slow or damaged, and clocks that go back: errors, and no lies."""

import asyncio
import contextlib
import random
import subprocess
import threading

import pytest

from tests.fakes.apiserver import running
from tests.fakes.killing import (
    MAPS,
    MERGE,
    Watcher,
    Writer,
    revision,
    run_and_kill,
    serving,
    stored,
)
from tests.fakes.waiting import until
from virtctl.errors import LocalError
from virtctl.local.store.sqlite import SqliteLog

CREATED = {"apiVersion": "v1", "kind": "ConfigMap"}


@contextlib.contextmanager
def mounted(place, options: str):
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def config_map(name: str, size: int = 0) -> dict:
    return {**CREATED, "metadata": {"name": name}, "data": {"text": "x" * size}}


@pytest.mark.host
async def test_a_full_disk(tmp_path) -> None:
    with mounted(tmp_path / "small", "size=2m") as home:
        (home / "ballast").write_bytes(bytes(600_000))
        acknowledged = set()
        async with serving(home) as client:
            watcher = Watcher()
            following = asyncio.create_task(watcher.run(client))
            await until(lambda: watcher.answered)
            for number in range(200):
                answer = await client.post(MAPS, json=config_map(f"c{number}", 20_000))
                if answer.status_code != 201:
                    break
                acknowledged.add(f"c{number}")
            assert answer.status_code == 500
            assert answer.json()["message"].startswith("the store cannot be written: ")
            assert answer.json()["message"].endswith("full; nothing was changed")
            assert len(acknowledged) > 5
            assert (await client.get("/readyz")).status_code == 500
            listed = (await client.get(MAPS)).json()["items"]
            assert {item["metadata"]["name"] for item in listed} == acknowledged
            gone = await client.delete(f"{MAPS}/c0")
            if gone.status_code == 200:  # deleting needs some room as well
                acknowledged.discard("c0")
            (home / "ballast").unlink()
            answer = await client.post(MAPS, json=config_map("later", 1000))
            assert answer.status_code == 201, answer.text
            acknowledged.add("later")
            assert (await client.get("/readyz")).status_code == 200
            await until(lambda: watcher.seen.keys() == acknowledged or following.done())
            assert watcher.seen.keys() == acknowledged
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
        assert stored(home).keys() == acknowledged


@pytest.mark.host
def test_a_read_only_file_system(tmp_path) -> None:
    with mounted(tmp_path / "disk", "size=4m") as home:
        SqliteLog(home / "store.db").close()
        subprocess.run(["mount", "-o", "remount,ro", str(home)], check=True)
        with pytest.raises(LocalError, match=r"cannot be used: .*(readonly|read-only)"):
            SqliteLog(home / "store.db")


async def test_a_slow_disk_holds_up_writers_only(tmp_path) -> None:
    async with running(tmp_path) as server, server.client() as client:
        log = server.service._store._log
        append, pushed = log.append, threading.Event()

        def slow(changes) -> None:
            assert pushed.wait(60)
            append(changes)

        server.service.group()
        server.service._store._group._seconds = 1.0  # it was slow before, too
        log.append = slow
        writing = asyncio.create_task(client.post(MAPS, json=config_map("a")))
        await until(lambda: server.service._store.unsettled)
        assert (await client.get("/livez")).status_code == 200
        reading = asyncio.create_task(client.get(f"{MAPS}/a"))
        await asyncio.sleep(0.05)
        assert not writing.done()
        assert not reading.done()  # it would show what is not on disk
        pushed.set()
        assert (await writing).status_code == 201
        assert (await reading).status_code == 200


@pytest.mark.parametrize("damage", ["garbage", "torn"])
async def test_a_damaged_end_of_the_journal(tmp_path, damage) -> None:
    chance = random.Random(damage)
    writers, watcher = [Writer(f"w{number}") for number in range(3)], Watcher()
    await run_and_kill(tmp_path, 0.3, [*writers, watcher])
    journal = tmp_path / "store.db-wal"
    data = journal.read_bytes()
    if damage == "garbage":  # a write that was not finished, behind all that was acknowledged
        journal.write_bytes(data + chance.randbytes(9000))
        found = stored(tmp_path)
        for writer in writers:
            writer.check(found)
    else:  # what was acknowledged itself is lost: no program can help that, but all must know
        journal.write_bytes(data[: len(data) // 2])
        found = stored(tmp_path)
        for writer in writers:
            item = found.get(writer.name)
            assert item is None or item["data"]["again"] == item["data"]["n"] * 200
    lists = watcher.lists
    async with serving(tmp_path) as client:
        following = asyncio.create_task(watcher.run(client))
        patch = b'{"data":{"text":"y"}}'
        await client.post(MAPS, json=config_map("last"))
        await client.patch(f"{MAPS}/last", content=patch, headers=MERGE)
        await until(
            lambda: watcher.seen.get("last", {}).get("data") == {"text": "y"} or following.done()
        )
        assert watcher.seen.keys() == {*found, "last"}
        assert {name: watcher.seen[name] for name in found} == found
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
    assert damage == "garbage" or watcher.lists > lists


async def test_a_clock_that_is_set_back(tmp_path) -> None:
    writers, watcher = [Writer(f"w{number}") for number in range(3)], Watcher()
    newest = 0
    for began in ("1900000000", "1500000000", "1700000000"):
        await run_and_kill(tmp_path, 0.2, [*writers, watcher], "64", began)
        found = stored(tmp_path)
        for writer in writers:
            writer.check(found)
        assert revision(tmp_path) > newest
        newest = revision(tmp_path)
        assert watcher.revision <= newest
