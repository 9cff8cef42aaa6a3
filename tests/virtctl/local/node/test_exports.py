"""What the daemon lets the export server give."""

import asyncio
import contextlib
import gzip
import http.client
import socket
import ssl
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest

from tests.fakes.cluster import Cluster
from tests.fakes.disks import write_raw
from virtctl.local import pki
from virtctl.local.controllers.claims import ClaimController
from virtctl.local.controllers.export import ExportController
from virtctl.local.imports.offers import Offer, place
from virtctl.local.layout import InstanceLayout
from virtctl.local.node.exports import Exports, Inside
from virtctl.local.node.uploads import Certificate
from virtctl.models.kinds import CDI_CONFIG, EXPORT, NODE, POD, PVC, SECRET

SPEC = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}}
SOURCE = {"apiGroup": "", "kind": "PersistentVolumeClaim", "name": "c"}


@pytest.fixture
async def cluster(tmp_path: Path):
    made = Cluster()
    service, layout = made.service, InstanceLayout(tmp_path)
    service.ensure_namespace("default")
    service.create(NODE, None, {"metadata": {"name": "node01"}})
    service.create(CDI_CONFIG, None, {"metadata": {"name": "config"}, "spec": {}})
    service.create(PVC, "default", {"metadata": {"name": "c"}, "spec": SPEC})
    keys = pki.ensure(tmp_path / "pki", ("127.0.0.1",))
    made.authority, made.disk = keys.ca, layout.volumes / "default" / "c" / "disk.img"
    certificate = Certificate(file=keys.server, key=keys.server_key)
    made.door = socket.create_server(("127.0.0.1", 0))
    made.inner = made.door.getsockname()[1]
    made.door.settimeout(0)
    inside = Inside(listen=lambda: [made.door], address="127.0.0.1")
    worker = Exports(service, layout, "127.0.0.1", certificate, "PEM", inside)
    made.path = place(layout.exports, "default", "e")
    tasks = [
        asyncio.create_task(one)
        for one in (
            ClaimController(layout.volumes).run(service, made.clock),
            ExportController("PEM").run(service, made.clock),
            worker.run(),
        )
    ]
    yield made
    made.door.close()
    for task in tasks:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def test_an_export_is_offered_as_long_as_it_is_ready(cluster) -> None:
    spec = {"source": SOURCE, "tokenSecretRef": "t"}
    cluster.service.create(EXPORT, "default", {"metadata": {"name": "e"}, "spec": spec})
    secret = {"metadata": {"name": "t"}, "data": {"token": "c2VjcmV0"}}
    cluster.service.create(SECRET, "default", secret)
    await cluster.until(cluster.path.exists)
    offer = msgspec.json.decode(cluster.path.read_bytes(), type=Offer)
    assert offer.token == "secret"
    assert offer.disks["c"].path.endswith("volumes/default/c/disk.img")
    links = cluster.service.get(EXPORT, "default", "e")["status"]["links"]["external"]
    assert links["cert"] == "PEM"
    assert links["volumes"][0]["formats"][0]["url"].startswith("https://127.0.0.1:")
    pod = cluster.service.get(POD, "default", "virt-export-e")
    assert pod["status"]["phase"] == "Running"
    assert pod["metadata"]["labels"] == {"kubevirt.io.virt-export-service": "virt-export-e"}
    assert pod["status"]["podIP"] == "127.0.0.1"
    assert offer.disks["c"].capacity == 1 << 20
    cluster.service.delete(EXPORT, "default", "e")
    await cluster.until(lambda: not cluster.path.exists())
    assert cluster.service.find(POD, "default", "virt-export-e") is None


async def test_an_export_without_a_secret_gets_one(cluster) -> None:
    spec = {"source": SOURCE}
    cluster.service.create(EXPORT, "default", {"metadata": {"name": "e"}, "spec": spec})
    await cluster.until(cluster.path.exists)
    assert cluster.service.get(SECRET, "default", "export-token-e")["data"]["token"]


async def test_a_download_is_served_by_a_process_of_its_own(cluster) -> None:
    cluster.service.create(
        EXPORT, "default", {"metadata": {"name": "e"}, "spec": {"source": SOURCE}}
    )
    await cluster.until(cluster.path.exists)
    cluster.disk.parent.mkdir(parents=True, exist_ok=True)
    raw = write_raw(cluster.disk)
    token = msgspec.json.decode(cluster.path.read_bytes(), type=Offer).token
    links = cluster.service.get(EXPORT, "default", "e")["status"]["links"]["external"]
    urls = {one["format"]: one["url"] for one in links["volumes"][0]["formats"]}
    code, body = await asyncio.to_thread(fetch, urls["gzip"], cluster.authority, token)
    assert (code, gzip.decompress(body)) == (200, raw.read_bytes())
    assert (await asyncio.to_thread(fetch, urls["raw"], cluster.authority, "other"))[0] == 401
    links = cluster.service.get(EXPORT, "default", "e")["status"]["links"]["internal"]
    inner = {one["format"]: one["url"] for one in links["volumes"][0]["formats"]}
    assert inner["raw"] == "https://virt-export-e.default.svc/volumes/c/disk.img"
    code, body = await asyncio.to_thread(
        fetch, inner["raw"], cluster.authority, token, cluster.inner
    )
    assert (code, body) == (200, raw.read_bytes())


def fetch(url: str, authority: Path, token: str, port: int = 0) -> tuple[int, bytes]:
    """With a ``port``, from there, whatever the name in ``url`` stands for."""
    parts = urlsplit(url)
    context = ssl.create_default_context(cafile=str(authority))
    connection = http.client.HTTPSConnection(
        parts.hostname or "", parts.port, timeout=60, context=context
    )
    if port:
        plain = socket.create_connection(("127.0.0.1", port), 60)
        connection.sock = context.wrap_socket(plain, server_hostname=parts.hostname)
    try:
        connection.request("GET", parts.path, headers={"x-kubevirt-export-token": token})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()
