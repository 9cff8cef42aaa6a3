import asyncio
import json

import pytest

from tests.fakes.apiserver import TABLE, running
from virtctl.local.http.traffic import LARGE, PIECE, Bounds, ListReply, Traffic

MAPS = "/api/v1/namespaces/default/configmaps"


def fill(server, count: int, size: int = 4000) -> None:
    for number in range(count):
        body = {"metadata": {"name": f"c{number:04}"}, "data": {"text": f"{number}" * (size // 4)}}
        server.service.create(_kind(server), "default", body)


def _kind(server):
    return next(kind for kind in server.service.registry.kinds if kind.name == "ConfigMap")


def test_pieces_are_the_whole() -> None:
    items = [b"x" * 50_000 for _ in range(10)]
    reply = ListReply(b'{"items":[', items)
    pieces = list(reply.pieces())
    whole = b'{"items":[' + b",".join(items) + b"]}"
    assert b"".join(pieces) == whole
    assert reply.size == len(whole)
    assert reply.headers["content-length"] == str(len(whole))
    assert len(pieces) == 4
    assert max(map(len, pieces)) < PIECE + 100_000
    assert b"".join(ListReply(b"[", []).pieces()) == b"[]}"


@pytest.mark.parametrize("accept", ["application/json", TABLE])
async def test_large_answers_are_compressed_when_asked(server, accept) -> None:
    fill(server, 400)
    headers = {"accept": accept, "accept-encoding": "identity"}
    async with server.client(**headers) as client:
        plain = await client.get(MAPS, params={"includeObject": "Object"})
        assert "content-encoding" not in plain.headers
        assert len(plain.content) > 3 * PIECE
        assert int(plain.headers["content-length"]) == len(plain.content)
        packed = await client.get(
            MAPS, params={"includeObject": "Object"}, headers={"accept-encoding": "gzip;q=1.0"}
        )
        assert packed.headers["content-encoding"] == "gzip"
        assert packed.headers["vary"] == "Accept-Encoding"
        assert int(packed.num_bytes_downloaded) < len(plain.content) / 10
        assert packed.json()["metadata"] == plain.json()["metadata"]
        refused = await client.get(MAPS, headers={"accept-encoding": "br, gzip;q=0"})
        assert "content-encoding" not in refused.headers
        head = await client.head("/apis/kubevirt.io/v1/virtualmachines")
        assert (head.status_code, head.content) == (200, b"")


async def test_small_answers_stay_as_they_are(server, client) -> None:
    fill(server, 3)
    answer = await client.get(MAPS, headers={"accept-encoding": "gzip"})
    assert len(answer.content) < LARGE
    assert "content-encoding" not in answer.headers
    assert int(answer.headers["content-length"]) == len(answer.content)


def bounded(server, **bounds) -> Traffic:
    traffic = server.app.traffic
    traffic.bounds = Bounds(**bounds)
    return traffic


async def test_watches_are_bounded(server, client) -> None:
    traffic = bounded(server, watches=3, watches_of_one=2)
    path = f"{MAPS}?watch=true"
    async with client.stream("GET", path), client.stream("GET", path) as second:
        third = await client.get(path)
        assert third.status_code == 429
        assert third.headers["retry-after"] == "1"
        assert third.json()["reason"] == "TooManyRequests"
        assert third.json()["details"]["retryAfterSeconds"] == 1
        joe = {"impersonate-user": "joe", "impersonate-group": "system:masters"}
        async with client.stream("GET", path, headers=joe) as other:
            assert other.status_code == 200
            assert (await client.get(path, headers=joe)).status_code == 429
        await second.aclose()
        async with asyncio.timeout(60):
            while traffic._watches.total() > 1:  # noqa: ASYNC110 - until the server has seen it
                await asyncio.sleep(0.01)
        async with client.stream("GET", path) as again:
            assert again.status_code == 200
    assert (await client.get(MAPS)).status_code == 200


async def test_large_answers_under_way_are_bounded(tmp_path) -> None:
    async with running(tmp_path) as server:
        fill(server, 2000)
        traffic = bounded(server, sending=1)
        reader, writer = await asyncio.open_unix_connection(server.socket)
        writer.write(f"GET {MAPS} HTTP/1.1\r\nhost: api\r\n\r\n".encode())
        await reader.readuntil(b"\r\n\r\n")  # and does not read on
        async with server.client() as client:
            refused = await client.get(MAPS)
            assert refused.status_code == 429
            assert (await client.get(f"{MAPS}/c0001")).status_code == 200
            writer.close()
            await writer.wait_closed()
            async with asyncio.timeout(60):
                while traffic._sending:  # noqa: ASYNC110 - as above
                    await asyncio.sleep(0.01)
            answer = await client.get(MAPS)
            assert len(json.loads(answer.content)["items"]) == 2000
