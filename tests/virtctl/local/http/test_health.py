"""What the control plane's pods answer at their health port."""

import asyncio
import json
import ssl

import pytest

from tests.fakes.service import make_service
from virtctl.local import pki
from virtctl.local.http.health import ComponentHealth
from virtctl.models.kinds import KUBEVIRT


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    return pki.ensure(tmp_path_factory.mktemp("pki"), ("127.0.0.1",))


def health(keys):
    service = make_service()
    service.create(KUBEVIRT, "default", {"metadata": {"name": "kv"}, "spec": {}})
    return ComponentHealth(service, keys.server, keys.server_key), service.revision


async def ask(connection, path):
    reader, writer = connection
    writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    size = int(head.lower().partition("content-length: ")[2].split("\r\n")[0])
    return head.split(" ")[1], await reader.readexactly(size)


async def rest():
    """Until all other tasks have ended."""
    async with asyncio.timeout(60):
        await asyncio.gather(*asyncio.all_tasks() - {asyncio.current_task()})


async def test_components_know_the_newest_configuration(keys) -> None:
    answers, revision = health(keys)
    context = ssl.create_default_context(cafile=keys.ca)
    connection = await asyncio.open_connection(
        sock=answers.open(), ssl=context, server_hostname="127.0.0.1"
    )
    code, body = await ask(connection, "/healthz")
    assert code == "200"
    assert json.loads(body)["config-resource-version"] == str(revision)
    assert await ask(connection, "//healthz") == (code, body)
    assert (await ask(connection, "/other"))[0] == "404"
    connection[1].close()
    await rest()


async def test_clients_that_speak_no_tls_leave_nothing(keys, caplog) -> None:
    answers, _ = health(keys)
    reader, writer = await asyncio.open_connection(sock=answers.open())
    writer.write(b"GET /healthz HTTP/1.1\r\n\r\n")
    async with asyncio.timeout(60):
        assert b"200 OK" not in await reader.read()
    writer.close()
    await rest()
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []
