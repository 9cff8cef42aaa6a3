import asyncio
import json

from tests.fakes.apiserver import TABLE
from tests.fakes.eventually import eventually
from virtctl.models.kinds import CONFIG_MAP

MAPS = "/api/v1/namespaces/default/configmaps"


def config(name: str):
    return {"metadata": {"name": name}, "data": {"a": "b"}}


async def lines(client, number: int, path: str = MAPS, accept: str = "*/*", **query):
    """The first lines of a watch."""
    found = []
    params = {"watch": "true", **query}
    async with (
        asyncio.timeout(60),
        client.stream("GET", path, params=params, headers={"accept": accept}) as answer,
    ):
        async for line in answer.aiter_lines():
            found.append(json.loads(line))
            if len(found) == number:
                break
    return found


def subscriptions(server) -> int:
    return len(server.service._store._broadcast._by_collection.get("configmaps", ()))


async def test_replay_and_changes(server, client) -> None:
    server.service.create(CONFIG_MAP, "default", config("a"))
    watching = asyncio.create_task(lines(client, 3))
    await eventually(lambda: subscriptions(server))
    server.service.create(CONFIG_MAP, "default", config("b"))
    server.service.delete(CONFIG_MAP, "default", "a")
    events = [(line["type"], line["object"]["metadata"]["name"]) for line in await watching]
    assert events == [("ADDED", "a"), ("ADDED", "b"), ("DELETED", "a")]


async def test_from_a_revision(server, client) -> None:
    since = server.service.revision
    server.service.create(CONFIG_MAP, "default", config("a"))
    (line,) = await lines(client, 1, resourceVersion=str(since))
    assert line["object"]["data"] == {"a": "b"}


async def test_tables(server, client) -> None:
    for name in "ab":
        server.service.create(CONFIG_MAP, "default", config(name))
    first, second = await lines(client, 2, accept=TABLE)
    assert first["object"]["columnDefinitions"][0]["name"] == "Name"
    assert second["object"]["columnDefinitions"] is None
    assert second["object"]["rows"][0]["cells"][0] == "b"


async def test_other_forms(server, client) -> None:
    server.service.create(CONFIG_MAP, "default", config("a"))
    accept = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
    (line,) = await lines(client, 1, accept=accept)
    assert line["object"]["kind"] == "PartialObjectMetadata"


async def test_initial_events(server, client) -> None:
    server.service.create(CONFIG_MAP, "default", config("a"))
    query = {
        "sendInitialEvents": "true", "allowWatchBookmarks": "true",
        "resourceVersionMatch": "NotOlderThan",
    }  # fmt: skip
    for accept in ("*/*", TABLE):
        found = await lines(client, 2, accept=accept, **query)
        assert [line["type"] for line in found] == ["ADDED", "BOOKMARK"]


async def test_one_object(server, client) -> None:
    for name in "ab":
        server.service.create(CONFIG_MAP, "default", config(name))
    (line,) = await lines(client, 1, f"{MAPS}/b")
    assert line["object"]["metadata"]["name"] == "b"
    (line,) = await lines(client, 1, "/api/v1/watch/namespaces/default/configmaps/b")
    assert line["object"]["metadata"]["name"] == "b"


async def test_time_out_ends_it(client) -> None:
    assert await lines(client, 1, timeoutSeconds="1") == []


async def test_refusals(client) -> None:
    bad = await client.get(MAPS, params={"watch": "true", "resourceVersion": "abc"})
    assert bad.status_code == 500
    bad = await client.get(MAPS, params={"watch": "true", "sendInitialEvents": "true"})
    assert bad.status_code == 422


async def test_forgotten_revision_is_an_error_line(server, client) -> None:
    server.service._store._log._compacted = 50
    for name in "ab":
        server.service.create(CONFIG_MAP, "default", config(name))
    (line,) = await lines(client, 1, resourceVersion="1")
    assert (line["type"], line["object"]["code"]) == ("ERROR", 410)


async def test_watchers_are_forgotten_when_they_leave(server, client) -> None:
    server.service.create(CONFIG_MAP, "default", config("a"))
    await lines(client, 1)
    await eventually(lambda: not subscriptions(server))


async def test_a_client_that_goes_ends_its_watch(server) -> None:
    writers = []
    for _ in range(3):
        reader, writer = await asyncio.open_unix_connection(str(server.socket))
        writer.write(f"GET {MAPS}?watch=true HTTP/1.1\r\nHost: api\r\n\r\n".encode())
        await reader.readuntil(b"\r\n\r\n")
        writers.append(writer)
    await eventually(lambda: subscriptions(server) == 3)
    for writer in writers:
        writer.transport.abort()
    await eventually(lambda: subscriptions(server) == 0)


async def test_a_client_that_does_not_read_is_told_to_list_again(server) -> None:
    """It holds up nobody, and what waits for it is bounded."""
    server.service._store._broadcast._limit = 8
    reader, writer = await asyncio.open_unix_connection(str(server.socket), limit=1024)
    writer.write(f"GET {MAPS}?watch=true HTTP/1.1\r\nHost: api\r\n\r\n".encode())
    await reader.readuntil(b"\r\n\r\n")
    for number in range(200):
        document = {"metadata": {"name": f"c{number}"}, "data": {"a": "x" * 100_000}}
        server.service.create(CONFIG_MAP, "default", document)
        await asyncio.sleep(0)
    async with asyncio.timeout(60):
        seen = b""
        while b"0\r\n\r\n" not in seen[-8:]:
            seen = seen[-1000:] + await reader.read(1 << 20)
    assert b'"type":"ERROR"' in seen
    assert b'"code":410' in seen
    writer.close()
