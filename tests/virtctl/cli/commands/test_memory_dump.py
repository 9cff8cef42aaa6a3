from pathlib import Path

import pytest

from tests.fakes.canned import KUBEVIRT, SUBRESOURCES, ApiServer, api_server, refused, vm
from tests.fakes.env import Ran, virtctl

DUMP = f"{SUBRESOURCES}/virtualmachines/web/memorydump"
REMOVE = f"{SUBRESOURCES}/virtualmachines/web/removememorydump"
EXPORTS = "/apis/export.kubevirt.io/v1/namespaces/default/virtualmachineexports"
SECRETS = "/api/v1/namespaces/default/secrets"


def run(server: ApiServer, *words: str) -> Ran:
    return virtctl("memory-dump", *words, server=server.url)


@pytest.mark.parametrize(("words", "body"), [([], {}), (["--claim-name=d"], {"claimName": "d"})])
def test_get(words: list[str], body: object) -> None:
    with api_server() as server:
        server.on("PUT", DUMP, None)
        ran = run(server, "get", "web", *words)
        assert server.writes == [(f"PUT {DUMP}", body)]
    said = "Successfully submitted memory dump request of VM web\n"
    assert (ran.code, ran.out) == (0, said)


def test_remove() -> None:
    with api_server() as server:
        server.on("PUT", REMOVE, None, refused(409, "Conflict", "could not find dump"))
        ran = run(server, "remove", "web")
        said = "Successfully submitted remove memory dump association of VM web\n"
        assert (ran.code, ran.out) == (0, said)
        assert server.writes == [(f"PUT {REMOVE}", None)]
        ran = run(server, "remove", "web")
    assert ran.err == "error: cannot remove the memory dump of VM web: could not find dump\n"


def dumped(server: ApiServer) -> None:
    """A finished dump of ``web`` in claim ``d``, and an export of it."""
    done = {"memoryDumpRequest": {"claimName": "d", "phase": "Completed"}}
    going = {"memoryDumpRequest": {"claimName": "d", "phase": "InProgress"}}
    server.on("GET", f"{KUBEVIRT}/virtualmachines/web", vm(**going), vm(**done))
    formats = [{"format": "gzip", "url": f"{server.url}/dump.gz"}]
    links = {"external": {"volumes": [{"name": "d", "formats": formats}]}}
    ready = {"status": {"phase": "Ready", "tokenSecretRef": "s", "links": links}}
    server.on("GET", f"{EXPORTS}/export-web-d", refused(404, "NotFound", "none"), ready)
    server.on("POST", EXPORTS, {"metadata": {"name": "export-web-d"}})
    server.on("POST", SECRETS, {})
    server.on("DELETE", f"{EXPORTS}/export-web-d", {})
    server.object(f"{SECRETS}/s", {"data": {"token": "dG9r"}})
    server.on("GET", "/dump.gz", b"memory")


@pytest.mark.parametrize("what", ["get", "download"])
def test_download(tmp_path: Path, what: str) -> None:
    with api_server() as server:
        dumped(server)
        server.on("PUT", DUMP, None)
        ran = run(server, what, "web", "--output", str(tmp_path / "out"))
        writes = [place for place, _ in server.writes if not place.startswith("PUT")]
        delete = f"DELETE {EXPORTS}/export-web-d"
        assert writes == [f"POST {EXPORTS}", f"POST {SECRETS}", delete]
    assert ran.code == 0, ran.err
    assert "Waiting for memorydump d to complete, current phase: InProgress..." in ran.err
    assert (tmp_path / "out").read_bytes() == b"memory"


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ({}, "it has no memory dump"),
        ({"claimName": "d", "phase": "Failed", "message": "no room"}, "to d failed: no room"),
    ],
)
def test_a_dump_that_cannot_be_had(request_: dict[str, str], said: str) -> None:
    with api_server() as server:
        server.object(f"{KUBEVIRT}/virtualmachines/web", vm(memoryDumpRequest=request_))
        ran = run(server, "download", "web", "--output", "/nowhere")
    assert (ran.code, said in ran.err) == (1, True), ran.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["download", "web"], "missing flag `--output`"),
        (["get", "web", "--create-claim"], "missing claim name"),
        (["get", "web", "--format=oci"], "must be gzip or raw"),
        (["get", "web", "--port-forward", "--local-port=x"], "from 0 to 65535"),
        (["put", "web"], "`put`: must be one of get, download, remove"),
    ],
)
def test_wrong_flags(words: list[str], said: str) -> None:
    ran = virtctl("memory-dump", *words, server="http://x")
    assert (ran.code, said in ran.err) == (2, True), ran.err
