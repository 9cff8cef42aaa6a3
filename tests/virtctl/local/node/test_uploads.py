"""The upload proxy is there when somebody comes."""

from __future__ import annotations

import asyncio
import http.client
import ssl
from pathlib import Path
from urllib.parse import urlsplit

from tests.fakes.disks import MIB, digest, write_raw
from tests.fakes.eventually import eventually
from tests.fakes.service import make_service
from virtctl.local import pki
from virtctl.local.imports.job import SUCCEEDED, Desk, Job, Source
from virtctl.local.imports.tokens import Grant, Tokens
from virtctl.local.layout import InstanceLayout
from virtctl.local.node.uploads import Certificate, Uploads, address_of, listen
from virtctl.local.runtime import fillings
from virtctl.models.documents import strings
from virtctl.models.kinds import CDI_CONFIG

CONFIG = {
    "apiVersion": "cdi.kubevirt.io/v1beta1",
    "kind": "CDIConfig",
    "metadata": {"name": "config"},
}


def test_the_port_stays_the_same_while_nobody_takes_it(tmp_path: Path) -> None:
    layout = InstanceLayout(tmp_path)
    layout.imports.mkdir()
    assert address_of(layout) == ("", 0)
    with listen(layout, "127.0.0.1") as first:
        taken = address_of(layout)
        assert taken == ("127.0.0.1", first.getsockname()[1])
        with listen(layout, "127.0.0.1") as second:
            assert second.getsockname()[1] != taken[1]
            last = address_of(layout)
    with listen(layout, "127.0.0.1"):
        assert address_of(layout) == last


async def test_an_upload_is_taken_by_a_process_of_its_own(tmp_path: Path) -> None:
    layout, service = InstanceLayout(tmp_path), make_service()
    keys = pki.ensure(layout.pki, ("127.0.0.1",))
    tokens = Tokens.of_instance("secret")
    certificate = Certificate(file=keys.server, key=keys.server_key)
    task = asyncio.create_task(Uploads(service, layout, "127.0.0.1", tokens, certificate).run())
    try:
        await asyncio.sleep(0)
        service.create(CDI_CONFIG, None, dict(CONFIG))
        await eventually(lambda: bool(url_of(service)))
        raw, target = write_raw(tmp_path / "raw"), tmp_path / "claim" / "disk.img"
        target.parent.mkdir()
        desk = Desk(layout.imports / "u")
        desk.offer(Job(name="x/a", target=str(target), capacity=9 * MIB,
                       source=Source(kind="upload")))  # fmt: skip
        code = await asyncio.to_thread(post, url_of(service), keys.ca, tokens, raw.read_bytes())
        assert code == 200
        assert desk.state().phase == SUCCEEDED
        assert digest(target) == digest(raw)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def url_of(service) -> str:
    found = service.find(CDI_CONFIG, None, "config") or {}
    return strings(found, "metadata", "annotations").get(fillings.UPLOAD_PROXY, "")


def post(url: str, authority: Path, tokens: Tokens, data: bytes) -> int:
    import time

    parts = urlsplit(url)
    connection = http.client.HTTPSConnection(
        parts.hostname or "", parts.port, timeout=60,
        context=ssl.create_default_context(cafile=str(authority)),
    )  # fmt: skip
    token = tokens.issue(Grant(namespace="x", name="a", uid="u"), time.time())
    try:
        connection.request("POST", "/v1beta1/upload", data, {"Authorization": f"Bearer {token}"})
        return connection.getresponse().status
    finally:
        connection.close()
