import asyncio
import contextlib
import json
import ssl

import pytest

from tests.fakes.apiserver import TOKEN, running
from tests.fakes.eventually import eventually
from tests.fakes.http2client import PATIENCE, connected, frames
from virtctl.local import pki
from virtctl.local.http.guarding import Limits
from virtctl.local.http.serving import Tls, serve

ME = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
BEARER = f"Bearer {TOKEN}"


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    return pki.ensure(tmp_path_factory.mktemp("pki"), ("127.0.0.1", "localhost"))


@pytest.fixture
def tls(keys):
    return Tls("127.0.0.1", 0, keys.server, keys.server_key, keys.ca)


@pytest.fixture
async def server(tmp_path, tls):
    async with running(tmp_path, tls=tls) as made:
        yield made


def context(keys, *, certificate: bool = True) -> ssl.SSLContext:
    made = ssl.create_default_context(cafile=keys.ca)
    if certificate:
        made.load_cert_chain(keys.admin, keys.admin_key)
    return made


@pytest.fixture
async def client(server, keys):
    async with connected(server.port, context(keys)) as made:
        yield made


@contextlib.asynccontextmanager
async def application(tls, app, limits=None):
    """The port of a server of ``app``."""
    serving = await serve(app, tls=tls, limits=limits or Limits())
    try:
        yield serving.addresses[0][1], serving
    finally:
        await serving.stop(0.1)


def config_map(name: str, size: int) -> bytes:
    data = {"metadata": {"name": name}, "data": {"text": "x" * size}}
    return json.dumps({"apiVersion": "v1", "kind": "ConfigMap", **data}).encode()


MAPS = "/api/v1/namespaces/default/configmaps"


async def test_who_speaks_http1_is_understood_on_the_same_port(server, keys) -> None:
    made = context(keys)
    made.set_alpn_protocols(["http/1.1"])
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port, ssl=made)
    writer.write(b"GET /version HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
    async with asyncio.timeout(150):
        assert (await reader.read()).startswith(b"HTTP/1.1 200")
    writer.close()


async def test_callers(server, keys) -> None:
    async with connected(server.port, context(keys)) as client:
        answer = await client.request("POST", ME, b"{}")
        assert json.loads(answer.body)["status"]["userInfo"]["username"] == "virtctl-admin"
    async with connected(server.port, context(keys, certificate=False)) as client:
        assert (await client.request("POST", ME, b"{}")).status == 403
        assert (await client.request("POST", ME, b"{}", authorization="Bearer no")).status == 401
        assert (await client.request("POST", ME, b"{}", authorization=BEARER)).status == 201


async def test_what_the_server_offers(client) -> None:
    offered = (client.settings[3], client.settings[4], client.settings[6])
    assert offered == (100, 256 * 1024, 64 * 1024)
    client.h2.ping(b"12345678")
    client.flush()
    await client.until(lambda: client.pongs == 1)


async def test_requests_at_the_same_time_on_one_connection(client) -> None:
    for number in range(20):
        made = await client.request("POST", MAPS, config_map(f"m{number}", 10))
        assert made.status == 201
    answers = await asyncio.gather(
        *(client.request("GET", f"{MAPS}/m{number}") for number in range(20))
    )
    names = [json.loads(answer.body)["metadata"]["name"] for answer in answers]
    assert names == [f"m{number}" for number in range(20)]
    assert answers[0].headers["date"]
    assert "connection" not in answers[0].headers


async def test_heads_alone(client) -> None:
    answer = await client.request("HEAD", "/healthz")
    assert (answer.status, answer.body, answer.ended) == (200, b"", True)
    assert int(answer.headers["content-length"]) > 0


async def test_heads_that_are_too_large(client) -> None:
    for _ in range(2):
        answer = await client.request("GET", "/version", x_mine="a" * 70_000)
        assert (answer.status, answer.ended) == (431, True)
    assert (await client.request("GET", "/version", x_mine="a" * 60_000)).status == 200


async def test_large_bodies_both_ways(server, keys) -> None:
    async with connected(server.port, context(keys), window=10_000) as client:
        sent = config_map("large", 1_000_000)
        assert (await client.request("POST", MAPS, sent)).status == 201
        answer = await client.request("GET", f"{MAPS}/large")
        assert json.loads(answer.body)["data"]["text"] == "x" * 1_000_000


async def test_refused_bodies_need_not_be_sent(client) -> None:
    stream = client.begin("POST", MAPS, end=False)
    await client.send(stream, b"x" * 6_000_000, end=False)
    answer = client.answers[stream]
    await client.until(lambda: answer.reset is not None)
    assert (answer.status, answer.ended, answer.reset) == (413, True, 0)
    assert json.loads(answer.body)["reason"] == "RequestEntityTooLarge"
    assert (await client.request("GET", "/version")).status == 200


async def test_watches_end_when_they_are_not_wanted(server, client) -> None:
    stream = client.begin("GET", f"{MAPS}?watch=true")
    answer = client.answers[stream]
    await client.until(lambda: answer.status == 200)
    assert (await client.request("POST", MAPS, config_map("seen", 1))).status == 201
    await client.until(lambda: b'"seen"' in answer.body)
    tasks = len(server.serving.state.tasks)
    client.reset(stream)
    assert (await client.request("GET", "/version")).status == 200
    await eventually(lambda: len(server.serving.state.tasks) < tasks, PATIENCE)


async def test_watches_of_clients_that_do_not_read_go_on_when_they_do(server, keys) -> None:
    async with connected(server.port, context(keys), greedy=False, window=20_000) as client:
        client.h2.increment_flow_control_window(1_000_000)
        stream = client.begin("GET", f"{MAPS}?watch=true")
        answer = client.answers[stream]
        await client.until(lambda: answer.status == 200)
        for number in range(10):
            made = await client.request("POST", MAPS, config_map(f"w{number}", 5000))
            assert made.status == 201
        await client.until(lambda: len(answer.body) == 20_000)
        client.h2.increment_flow_control_window(10_000_000)
        client.h2.increment_flow_control_window(10_000_000, stream)
        client.flush()
        await client.until(lambda: answer.body.count(b"\n") >= 10)
        names = [json.loads(line)["object"]["metadata"]["name"] for line in answer.body.split()]
        assert [name for name in names if name[0] == "w"] == [f"w{number}" for number in range(10)]


async def test_the_end_of_a_connection_ends_its_watches(server, keys) -> None:
    before = len(server.serving.state.tasks)
    async with connected(server.port, context(keys)) as client:
        streams = [client.begin("GET", f"{MAPS}?watch=true") for _ in range(10)]
        await client.until(lambda: all(client.answers[stream].status for stream in streams))
        assert len(server.serving.state.tasks) >= before + 10
    await eventually(lambda: len(server.serving.state.tasks) <= before, PATIENCE)


async def test_stop_lets_answers_finish(tls, keys) -> None:
    go_on = asyncio.Event()

    async def app(scope, receive, send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await go_on.wait()
        await send({"type": "http.response.body", "body": b"whole"})

    async with (
        application(tls, app) as (port, serving),
        connected(port, context(keys)) as client,
    ):
        stream = client.begin("GET", "/")
        await client.until(lambda: client.answers[stream].status == 200)
        stopping = asyncio.create_task(serving.stop(100))
        await client.until(lambda: client.goaway == 0)
        go_on.set()
        await client.until(lambda: client.gone)
        await stopping
        assert (0, 1, stream, b"whole") in frames(client.raw)


async def test_applications_that_fail(tls, keys, caplog) -> None:
    async def app(scope, receive, send) -> None:
        if scope["path"] != "/at-once":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"so far", "more_body": True})
        if scope["path"] != "/silently":
            raise ValueError("on purpose")

    async with application(tls, app) as (port, _), connected(port, context(keys)) as client:
        answer = await client.request("GET", "/at-once")
        assert (answer.status, answer.ended) == (500, True)
        for path in ("/later", "/silently"):
            answer = await client.request("GET", path)
            assert (answer.status, answer.body, answer.reset) == (200, b"so far", 2)
    assert "on purpose" in caplog.text


async def test_what_applications_are_told(tls, keys) -> None:
    seen = []

    async def app(scope, receive, send) -> None:
        seen.append(scope)
        seen.append(await receive())
        await send(
            {
                "type": "http.response.start",
                "status": 204,
                "headers": [(b"Connection", b"close"), (b"X-Mine", b"a")],
            }
        )
        await send({"type": "http.response.body", "body": b""})
        seen.append(await receive())

    async with application(tls, app) as (port, _), connected(port, context(keys)) as client:
        answer = await client.request("PUT", "/a%20b?c=%20", b"body", cookie="a=b", x_what="d")
        assert (answer.status, answer.headers["x-mine"]) == (204, "a")
        assert "connection" not in answer.headers
    scope, request, end = seen
    assert (scope["path"], scope["raw_path"], scope["query_string"]) == (
        "/a b",
        b"/a%20b",
        b"c=%20",
    )
    assert (scope["method"], scope["scheme"], scope["http_version"]) == ("PUT", "https", "2")
    assert scope["headers"] == [(b"host", b"api"), (b"x-what", b"d"), (b"cookie", b"a=b")]
    assert scope["client"][0] == scope["server"][0] == "127.0.0.1"
    assert scope["state"]["peer"].common_name == "virtctl-admin"
    assert request["body"] in {b"", b"body"}
    assert end["type"] in {"http.disconnect", "http.request"}


async def test_bodies_must_not_stand_still(tmp_path, tls, keys) -> None:
    limits = Limits(body_seconds=0.3, sweep_seconds=0.05)
    async with (
        running(tmp_path, tls=tls, limits=limits) as server,
        connected(server.port, context(keys)) as client,
    ):
        stream = client.begin("POST", MAPS, end=False, content_length="50")
        await client.send(stream, b'{"a"', end=False)
        answer = client.answers[stream]
        await client.until(lambda: answer.ended)
        assert answer.status == 408
        assert (await client.request("GET", "/version")).status == 200


async def test_answers_that_nobody_takes_are_given_up(tmp_path, tls, keys) -> None:
    limits = Limits(stall_seconds=0.3, sweep_seconds=0.05)
    async with (
        running(tmp_path, tls=tls, limits=limits) as server,
        connected(server.port, context(keys), greedy=False, window=1000) as client,
    ):
        watch = client.begin("GET", f"{MAPS}?watch=true")
        assert (await client.request("POST", MAPS, config_map("a", 10))).status == 201
        assert (await client.request("POST", MAPS, config_map("b", 2000))).status == 201
        stream = client.begin("GET", f"{MAPS}/b")
        answer = client.answers[stream]
        await client.until(lambda: answer.reset is not None)
        assert (answer.status, len(answer.body), answer.reset) == (200, 1000, 8)
        assert client.answers[watch].reset is None  # which may be slow


async def test_idle_connections_are_ended(tmp_path, tls, keys) -> None:
    limits = Limits(idle_seconds=1, sweep_seconds=0.05)
    async with (
        running(tmp_path, tls=tls, limits=limits) as server,
        connected(server.port, context(keys)) as client,
    ):
        await client.until(lambda: client.gone)
        assert client.goaway == 0


async def test_connections_are_bounded(tmp_path, tls, keys) -> None:
    limits = Limits(connections=1)
    async with (
        running(tmp_path, tls=tls, limits=limits) as server,
        connected(server.port, context(keys)) as client,
        connected(server.port, context(keys)) as other,
    ):
        assert (await client.request("GET", "/version")).status == 200
        await other.until(lambda: other.gone)
        assert other.goaway == 11


async def test_streams_are_bounded(tmp_path, tls, keys) -> None:
    limits = Limits(streams=3)
    async with (
        running(tmp_path, tls=tls, limits=limits) as server,
        connected(server.port, context(keys)) as client,
    ):
        # Whoever does not know of the limit yet may ask for more.
        client.h2.remote_settings[3] = 100
        client.h2.remote_settings.acknowledge()
        streams = [client.begin("GET", f"{MAPS}?watch=true") for _ in range(4)]
        await client.until(lambda: all(client.answers[stream].status for stream in streams[:3]))
        await client.until(lambda: client.answers[streams[3]].reset == 7)
        client.reset(streams[0])
        assert (await client.request("GET", "/version")).status == 200
