"""The export server, over real TLS."""

from __future__ import annotations

import gzip
import http.client
import io
import json
import socket
import ssl
import tarfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import msgspec
import pytest
import yaml

from tests.fakes.disks import MIB, write_raw
from virtctl.local import pki
from virtctl.local.imports import exports
from virtctl.local.imports.exports import ExportServer
from virtctl.local.imports.offers import Disk, Offer, certificate, place

BASE = "/api/export.kubevirt.io/v1/namespaces/shop/virtualmachineexports/e1"


@dataclass
class Served:
    root: Path
    port: int
    context: ssl.SSLContext

    def offer(self, **disks: Disk) -> None:
        manifests = {"all": [{"kind": "A"}, {"kind": "B"}], "internal/all": [{"kind": "I"}]}
        path = place(self.root, "shop", "e1")
        path.parent.mkdir(exist_ok=True)
        offer = Offer(token="secret", disks=disks, manifests=manifests, service="virt-export-e1")
        path.write_bytes(msgspec.json.encode(offer))

    def ask(
        self, path: str, token: str = "secret", method: str = "GET", **headers: str
    ) -> tuple[int, bytes, dict[str, str]]:
        connection = http.client.HTTPSConnection(
            "127.0.0.1", self.port, context=self.context, timeout=60
        )
        named = {"x-kubevirt-export-token": token, **headers}
        try:
            connection.request(method, path, headers=named)
            answer = connection.getresponse()
            return answer.status, answer.read(), dict(answer.getheaders())
        finally:
            connection.close()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    root = tmp_path / "exports"
    root.mkdir()
    keys = pki.ensure(tmp_path / "pki", ("127.0.0.1",))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(keys.server, keys.server_key)
    context.sni_callback = partial(exports.choose, root)
    listener = socket.create_server(("127.0.0.1", 0))
    with ExportServer(listener, root, context) as server:
        thread = threading.Thread(target=server.serve_until_idle, kwargs={"look": 0.02})
        thread.start()
        trust = ssl.create_default_context(cafile=str(keys.ca))
        yield Served(root, listener.getsockname()[1], trust)
        server.retire()
        thread.join()


def test_a_disk_as_it_is_and_compressed(served: Served, tmp_path: Path) -> None:
    disk = write_raw(tmp_path / "disk.img", 3 * MIB)
    with disk.open("r+b") as file:
        file.truncate(8 * MIB)
    served.offer(one=Disk(path=str(disk)))
    raw = f"{BASE}/volumes/one/disk.img"
    code, body, headers = served.ask(raw)
    assert (code, body) == (200, disk.read_bytes())
    assert headers["Content-Length"] == str(8 * MIB)
    code, body, _ = served.ask(f"{raw}.gz")
    assert (code, gzip.decompress(body)) == (200, disk.read_bytes())
    code, body, headers = served.ask(raw, Range="bytes=8388600-")
    assert (code, body) == (206, disk.read_bytes()[-8:])
    assert headers["Content-Range"] == "bytes 8388600-8388607/8388608"
    assert served.ask(raw, Range="bytes=9999999-")[0] == 416
    assert served.ask(f"{raw}.gz", method="HEAD")[:2] == (200, b"")


def test_a_claim_full_of_files(served: Served, tmp_path: Path) -> None:
    home = tmp_path / "claim"
    (home / "sub").mkdir(parents=True)
    (home / "a.dump").write_bytes(b"x" * 700)
    (home / "sub/b").write_bytes(b"")
    (home / ".hidden").write_bytes(b"no")
    (tmp_path / "outside").write_bytes(b"no")
    (home / "link").symlink_to(tmp_path / "outside")
    served.offer(one=Disk(path=str(home / "disk.img"), is_tree=True))
    code, body, _ = served.ask(f"{BASE}/volumes/one/disk.tar.gz")
    assert code == 200
    with tarfile.open(fileobj=io.BytesIO(body), mode="r:gz") as archive:
        assert archive.getnames() == [".hidden", "a.dump", "link", "sub", "sub/b"]
        member = archive.extractfile("a.dump")
        assert member is not None
        assert member.read() == b"x" * 700
    code, body, _ = served.ask(f"{BASE}/volumes/one/dir/")
    assert (code, body.count(b"href")) == (200, 3)
    assert served.ask(f"{BASE}/volumes/one/dir/a.dump")[:2] == (200, b"x" * 700)
    for path in ("link", "none", "../x", "%2e%2e/outside"):
        assert served.ask(f"{BASE}/volumes/one/dir/{path}")[0] == 404
    assert served.ask(f"{BASE}/volumes/one/disk.img")[0] == 404


def test_manifests(served: Served) -> None:
    served.offer()
    code, body, _ = served.ask(f"{BASE}/manifests/all", Accept="application/yaml")
    found = [one for one in yaml.safe_load_all(body) if one]
    assert (code, found) == (200, [{"kind": "A"}, {"kind": "B"}])
    _, body, _ = served.ask(f"{BASE}/manifests/all", Accept="application/json")
    assert json.loads(body)["items"] == found
    assert served.ask(f"{BASE}/external/manifests/all", Accept="application/yaml")[0] == 200
    assert served.ask(f"{BASE}/manifests/secret")[0] == 404


def test_the_way_of_pods(served: Served, tmp_path: Path) -> None:
    raw = write_raw(tmp_path / "disk.img")
    served.offer(one=Disk(path=str(raw)))
    inside = {"Host": "virt-export-e1.shop.svc"}
    assert served.ask("/volumes/one/disk.img", **inside)[:2] == (200, raw.read_bytes())
    assert served.ask("/volumes/one/disk.img", token="wrong", **inside)[0] == 401
    _, body, _ = served.ask("/internal/manifests/all", Accept="application/json", **inside)
    assert json.loads(body)["items"] == [{"kind": "I"}]
    assert served.ask("/volumes/one/disk.img", Host="virt-export-e2.shop.svc")[0] == 404
    # through a tunnel the Service has another name
    assert served.ask("/volumes/one/disk.img")[:2] == (200, raw.read_bytes())
    assert served.ask("/volumes/one/disk.img", token="wrong")[0] == 404


def test_the_service_has_a_certificate_of_its_own(served: Served) -> None:
    served.offer()
    files = certificate(served.root, "shop", "virt-export-e1")
    pki.issue(pki.Pki(served.root.parent / "pki"), *files, ("virt-export-e1.shop.svc",))
    for name, told in (("virt-export-e1.shop.svc", True), ("virt-export-x.shop.svc", False)):
        with socket.create_connection(("127.0.0.1", served.port), 60) as plain:
            trust = served.context
            if told:
                with trust.wrap_socket(plain, server_hostname=name) as secure:
                    assert secure.version()
                continue
            with pytest.raises(ssl.SSLCertVerificationError):
                trust.wrap_socket(plain, server_hostname=name)


def test_nothing_without_the_token(served: Served) -> None:
    served.offer()
    assert served.ask(f"{BASE}/manifests/all", token="wrong")[0] == 401
    query = f"{BASE}/manifests/all?x-kubevirt-export-token=secret"
    assert served.ask(query, token="")[0] == 200
    assert served.ask("/exportready", token="")[:2] == (200, b"OK")
    assert served.ask("/other")[0] == 404


def test_a_download_ends_when_a_guest_takes_the_disk(served: Served, tmp_path: Path) -> None:
    disk = tmp_path / "disk.img"
    with disk.open("wb") as file:
        file.truncate(512 * MIB)
    served.offer(one=Disk(path=str(disk)))
    connection = http.client.HTTPSConnection(
        "127.0.0.1", served.port, context=served.context, timeout=60
    )
    try:
        headers = {"x-kubevirt-export-token": "secret"}
        connection.request("GET", f"{BASE}/volumes/one/disk.img", headers=headers)
        answer = connection.getresponse()
        answer.read(MIB)
        place(served.root, "shop", "e1").unlink()
        with pytest.raises(http.client.IncompleteRead):
            answer.read()
    finally:
        connection.close()


def test_a_range_and_what_is_no_disk(served: Served, tmp_path: Path) -> None:
    raw = write_raw(tmp_path / "disk.img")
    (tmp_path / "link").symlink_to(raw)
    served.offer(
        one=Disk(path=str(raw)),
        link=Disk(path=str(tmp_path / "link")),
        new=Disk(path=str(tmp_path / "none"), capacity=5),
    )
    code, body, headers = served.ask(f"{BASE}/volumes/one/disk.img", Range="bytes=5-9")
    assert (code, body) == (206, raw.read_bytes()[5:10])
    assert headers["Content-Range"] == f"bytes 5-9/{raw.stat().st_size}"
    assert served.ask(f"{BASE}/volumes/one/disk.img", Range="bytes=-3")[1] == raw.read_bytes()[-3:]
    assert served.ask(f"{BASE}/volumes/one/disk.img", Range="bytes=99999999-")[0] == 416
    assert served.ask(f"{BASE}/volumes/link/disk.img")[0] == 404
    assert served.ask(f"{BASE}/volumes/new/disk.img")[:2] == (200, bytes(5))
