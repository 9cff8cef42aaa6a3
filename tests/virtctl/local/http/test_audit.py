import json
import stat
from datetime import UTC, datetime

import httpx
import pytest

from tests.fakes.apiserver import TOKEN, running
from tests.fakes.waiting import until
from virtctl.errors import LocalError
from virtctl.local.http.audit import Audit, FileSink, LogSink, sink_of

SECRETS = "/api/v1/namespaces/default/secrets"
NOW = datetime(2026, 1, 2, 3, 4, 5, 678900, UTC)


class Sink:
    def __init__(self) -> None:
        self.lines = []
        self.full = False

    def write(self, line: bytes) -> None:
        if self.full:
            raise OSError(28, "No space left on device")
        self.lines.append(line)

    @property
    def events(self) -> list[dict]:
        return [json.loads(line) for line in self.lines]


@pytest.fixture
def sink():
    return Sink()


@pytest.fixture
async def server(tmp_path, sink):
    async with running(tmp_path, wrap=lambda app: Audit(app, sink, lambda: NOW)) as made:
        yield made


async def test_a_write_is_told_without_its_body(server, client, sink) -> None:
    body = {"metadata": {"name": "s"}, "stringData": {"password": "hunter2"}}
    made = await client.post(
        f"{SECRETS}?fieldManager=me", json=body, headers={"user-agent": "me/1"}
    )
    assert made.status_code == 201
    (event,) = sink.events
    assert len(event.pop("auditID")) == 36
    assert event == {
        "kind": "Event",
        "apiVersion": "audit.k8s.io/v1",
        "level": "Metadata",
        "stage": "ResponseComplete",
        "requestURI": f"{SECRETS}?fieldManager=me",
        "verb": "create",
        "user": {
            "username": "virtctl-admin", "groups": ["system:masters", "system:authenticated"]
        },
        "sourceIPs": ["127.0.0.1"],
        "userAgent": "me/1",
        "objectRef": {"resource": "secrets", "namespace": "default", "apiVersion": "v1"},
        "responseStatus": {"metadata": {}, "code": 201},
        "annotations": {"authorization.k8s.io/decision": "allow"},
        "requestReceivedTimestamp": "2026-01-02T03:04:05.678900Z",
        "stageTimestamp": "2026-01-02T03:04:05.678900Z",
    }  # fmt: skip
    assert b"hunter2" not in sink.lines[0]


async def test_refusals_and_who_is_behind_somebody(server, client, sink) -> None:
    headers = {"impersonate-user": "joe"}
    assert (await client.get(f"{SECRETS}/s", headers=headers)).status_code == 403
    assert (await client.get(SECRETS, headers={"authorization": "Bearer x"})).status_code == 401
    forbidden, unknown = sink.events
    assert forbidden["user"]["username"] == "virtctl-admin"
    assert forbidden["impersonatedUser"]["username"] == "joe"
    assert forbidden["annotations"] == {"authorization.k8s.io/decision": "forbid"}
    assert forbidden["objectRef"]["name"] == "s"
    assert (unknown["user"], unknown["responseStatus"]["code"]) == ({}, 401)


async def test_watches_are_told_at_both_ends(server, client, sink) -> None:
    async with client.stream("GET", f"{SECRETS}?watch=true"):
        await until(lambda: sink.lines)
        assert [(each["stage"], each["verb"]) for each in sink.events] == [
            ("ResponseStarted", "watch")
        ]  # fmt: skip
    server.service.create(_secret(server), "default", {"metadata": {"name": "wakes"}})
    await until(lambda: len(sink.lines) == 2)
    assert sink.events[1]["stage"] == "ResponseComplete"
    assert sink.events[0]["auditID"] == sink.events[1]["auditID"]


def _secret(server):
    return next(kind for kind in server.service.registry.kinds if kind.name == "Secret")


async def test_nothing_secret_and_nothing_idle_is_told(server, sink) -> None:
    async with server.client(authorization=f"Bearer {TOKEN}") as client:
        await client.get("/livez")
        await client.get("/version?token=abc&a=b&COMMAND=passwd&command=hunter2")
    (event,) = sink.events
    assert event["requestURI"] == "/version?token=***&a=b&COMMAND=***&command=***"
    assert TOKEN.encode() not in sink.lines[0]


async def test_a_full_disk_stops_nobody(server, client, sink, caplog) -> None:
    sink.full = True
    for _ in range(3):
        assert (await client.get(SECRETS)).status_code == 200
    assert caplog.text.count("the audit log cannot be written: No space left on device") == 1
    sink.full = False
    assert (await client.get(SECRETS)).status_code == 200
    assert len(sink.lines) == 1


def test_files_are_private_and_rotated(tmp_path) -> None:
    path = tmp_path / "audit.log"
    sink = FileSink(path, most=10)
    for word in (b"one", b"two", b"three", b"four"):
        sink.write(word)
    sink.close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_bytes() == b"four\n"
    assert (tmp_path / "audit.log.1").read_bytes() == b"one\ntwo\nthree\n"


def test_targets(tmp_path, caplog) -> None:
    caplog.set_level("INFO")
    log = sink_of("-")
    assert isinstance(log, LogSink)
    log.write(b"{}")
    assert caplog.records[0].name == "audit"
    with pytest.raises(LocalError, match="cannot be written: No such file"):
        sink_of(str(tmp_path / "none/audit.log"))


async def test_streams_are_told(server, sink) -> None:
    headers = {
        "connection": "upgrade", "upgrade": "websocket", "sec-websocket-version": "13",
        "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==",
    }  # fmt: skip
    path = "/apis/subresources.kubevirt.io/v1/namespaces/default/virtualmachineinstances/a/console"
    async with server.client(**headers) as client:
        answer = await client.get(path)
    assert isinstance(answer, httpx.Response)
    await until(lambda: len(sink.lines) == 2)
    assert {each["responseStatus"]["code"] for each in sink.events} == {answer.status_code}
    assert sink.events[0]["objectRef"]["subresource"] == "console"
