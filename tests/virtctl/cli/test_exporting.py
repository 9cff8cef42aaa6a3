import io
import zlib
from pathlib import Path

import pytest

from tests.fakes.canned import api_server
from tests.fakes.certificates import authority
from tests.fakes.env import SessionAt, virtctl
from tests.fakes.podport import pod_server
from virtctl.cli.exporting import Wish, download, token
from virtctl.errors import VirtctlError

V1 = "/api/v1/namespaces/default"
EXPORT = "/apis/export.kubevirt.io/v1/namespaces/default/virtualmachineexports/e"


def export(side: str, url: str, cert: str = "") -> dict[str, object]:
    formats = [{"format": "gzip", "url": f"{url}/disk.gz"}]
    links = {side: {"cert": cert, "volumes": [{"name": "d", "formats": formats}]}}
    return {
        "status": {
            "phase": "Ready",
            "serviceName": "svc",
            "tokenSecretRef": "s",
            "links": links,
        }
    }


def test_tokens_are_fair_and_long() -> None:
    assert token(lambda count: bytes([255, *range(count - 1)])) == "abcdefghijklmnopqrst"
    assert token(lambda count: bytes([250] * (count - 1)) + b"\x01") == "b" * 20


def test_the_servers_certificate_is_checked(session_at: SessionAt, tmp_path: Path) -> None:
    made = authority()
    with api_server() as api, api_server(made.server_context(tmp_path)) as far:
        api.object(EXPORT, export("external", far.url, made.ca.decode()))
        api.object(f"{V1}/secrets/s", {"data": {"token": "dG9r"}})
        far.on("GET", "/disk.gz", b"bytes")
        download(session_at(api.url), "e", Wish(str(tmp_path / "out")))
        assert (tmp_path / "out").read_bytes() == b"bytes"
        api.object(EXPORT, export("external", far.url))
        with pytest.raises(VirtctlError, match="is not trusted"):
            download(session_at(api.url), "e", Wish(str(tmp_path / "out")))
        download(session_at(api.url), "e", Wish(str(tmp_path / "out"), insecure=True))


def test_through_the_api_server(tmp_path: Path) -> None:
    made = authority()
    with api_server(made.server_context(tmp_path)) as far:
        far.on("GET", "/disk.gz", b"bytes")
        with pod_server({8443: int(far.url.rpartition(":")[2])}) as api:
            api.answers[EXPORT] = export("internal", "https://virt-export-e.default.svc")
            api.answers[f"{V1}/secrets/s"] = {"data": {"token": "dG9r"}}
            ports = [{"port": 443, "targetPort": 8443}]
            spec = {"selector": {"a": "b"}, "ports": ports}
            api.answers[f"{V1}/services/svc"] = {"metadata": {"name": "svc"}, "spec": spec}
            api.answers[f"{V1}/pods"] = {"items": [{"metadata": {"name": "p"}}]}
            out = ["--output", str(tmp_path / "out"), "--port-forward"]
            ran = virtctl("vmexport", "download", "e", *out, server=api.url)
    assert (ran.code, "to port 8443 of pod p" in ran.err) == (0, True), ran.err
    assert (tmp_path / "out").read_bytes() == b"bytes"


def test_several_gzip_members_and_none(session_at: SessionAt, tmp_path: Path) -> None:
    def packed(data: bytes) -> bytes:
        packer = zlib.compressobj(wbits=31)
        return packer.compress(data) + packer.flush()

    with api_server() as api:
        api.object(EXPORT, export("external", api.url))
        api.object(f"{V1}/secrets/s", {"data": {"token": "dG9r"}})
        api.on("GET", "/disk.gz", packed(b"one ") + packed(b"two"), b"no gzip")
        wish = Wish(str(tmp_path / "out"), format="raw")
        download(session_at(api.url), "e", wish)
        assert (tmp_path / "out").read_bytes() == b"one two"
        with pytest.raises(VirtctlError, match="is no gzip"):
            download(session_at(api.url), "e", wish)


def test_to_stdout(session_at: SessionAt) -> None:
    with api_server() as api:
        api.object(EXPORT, export("external", api.url))
        api.object(f"{V1}/secrets/s", {"data": {"token": "dG9r"}})
        api.on("GET", "/disk.gz", b"bytes")
        session = session_at(api.url)
        session.env.stdout = io.TextIOWrapper(raw := io.BytesIO())
        download(session, "e", Wish("-"))
        assert raw.getvalue() == b"bytes"
