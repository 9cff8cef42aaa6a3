import asyncio
import json

import pytest

from tests.fakes.apiserver import TABLE
from tests.fakes.eventually import eventually
from tests.fakes.service import make_service
from virtctl.local.api.feed import bookmark
from virtctl.local.http.outlets import Outlet, Turns
from virtctl.local.http.watches import _plain, _Writer
from virtctl.models.kinds import CONFIG_MAP
from virtctl.wire.selectors import Selection

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
    (line,) = await lines(client, 1, fieldSelector="metadata.name=b")
    assert line["object"]["metadata"]["name"] == "b"
    (line,) = await lines(client, 1, "/api/v1/watch/namespaces/default/configmaps/b")
    assert line["object"]["metadata"]["name"] == "b"
    plain = await client.get(f"{MAPS}/b", params={"watch": "true"})
    assert plain.json()["kind"] == "ConfigMap"


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


async def test_head_has_no_body_to_wait_for(client) -> None:
    async with asyncio.timeout(60):
        answer = await client.head("/apis/kubevirt.io/v1/virtualmachines", params={"watch": "true"})
    assert (answer.status_code, answer.content) == (200, b"")


async def test_long_replays_come_in_order(server, client) -> None:
    for number in range(150):
        server.service.create(CONFIG_MAP, "default", config(f"c{number:03}"))
    found = await lines(client, 150)
    assert [line["object"]["metadata"]["name"] for line in found] == [
        f"c{number:03}" for number in range(150)
    ]


async def test_watchers_share_lines(server, client) -> None:
    """Of each form one is made; the first table of a watch has columns, and is its own."""
    partial = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
    accepts = ("*/*", TABLE, partial)
    since = str(server.service.revision)
    watching = [
        asyncio.create_task(lines(client, 2, accept=accept, resourceVersion=since))
        for accept in accepts * 2
    ]
    await eventually(lambda: subscriptions(server) == len(watching))
    changes = []
    server.service._store._broadcast.subscribe("configmaps").offer = changes.append
    for name in "ab":
        server.service.create(CONFIG_MAP, "default", config(name))
    found = await asyncio.gather(*watching)
    assert found[:3] == found[3:]
    made = [sum(isinstance(key, tuple | str) for key in change.encoded) for change in changes]
    assert made == [2, 3]


async def test_bookmarks_come_after_what_they_stand_for() -> None:
    service = make_service()
    feed = service.feed(CONFIG_MAP, None, Selection(), since=service.revision)
    written = []
    outlet = Outlet(written.append)
    writer = _Writer(
        feed, _plain, Turns(), lambda: bookmark(CONFIG_MAP, service.told_revision)
    )  # fmt: skip
    ended = writer.begin(outlet)
    outlet.pause()
    service.create(CONFIG_MAP, "default", config("a"))
    writer.mark()
    await asyncio.sleep(0)
    assert not written
    outlet.resume()
    await eventually(lambda: written)
    first, last = [json.loads(line) for line in b"".join(written).splitlines()]
    assert (first["type"], last["type"]) == ("ADDED", "BOOKMARK")
    revision = str(service.revision)
    assert [each["object"]["metadata"]["resourceVersion"] for each in (first, last)] == (
        [revision] * 2
    )
    feed.close()
    await ended


async def test_what_cannot_be_encoded_ends_that_watch_only() -> None:
    service, turns, written = make_service(), Turns(), []

    def fail(delivery) -> bytes:
        raise ValueError(delivery.type)

    feeds = [service.feed(CONFIG_MAP, None, Selection(), since=service.revision) for _ in range(2)]
    writers = [
        _Writer(feed, encode, turns, lambda: None)
        for feed, encode in zip(feeds, (fail, _plain), strict=True)
    ]
    broken, whole = [writer.begin(Outlet(written.append)) for writer in writers]
    service.create(CONFIG_MAP, "default", config("a"))
    with pytest.raises(ValueError, match="ADDED"):
        await broken
    await eventually(lambda: written)
    assert not whole.done()
    for feed in feeds:
        feed.close()


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
