from pathlib import Path

import pytest

from tests.fakes.canned import Answer, ApiServer, api_server, refused
from tests.fakes.certificates import authority
from tests.fakes.env import SessionAt
from tests.fakes.podport import front_door, pod_server
from virtctl.cli.uploading import Wish, _authority, send
from virtctl.errors import Forbidden, Unreachable, VirtctlError

TOKENS = "/apis/upload.cdi.kubevirt.io/v1beta1/namespaces/default/uploadtokenrequests"
CONFIG = "/apis/cdi.kubevirt.io/v1beta1/cdiconfigs/config"
ASYNC, SYNC = "/v1beta1/upload-async", "/v1beta1/upload"


@pytest.fixture
def image(tmp_path: Path) -> str:
    path = tmp_path / "disk.img"
    path.write_bytes(b"image")
    return str(path)


def proxy(server: ApiServer, *answers: object) -> None:
    server.on("POST", TOKENS, *({"status": {"token": f"t{n}"}} for n in (1, 2, 3, 4, 5)))
    server.on("HEAD", ASYNC, None)
    server.on("POST", ASYNC, *answers or (None,))


def uploads(server: ApiServer) -> list[str]:
    return [
        one.headers["authorization"]
        for one in server.asked
        if one.method == "POST" and one.path in {ASYNC, SYNC}
    ]


def test_the_bytes_arrive(session_at: SessionAt, image: str) -> None:
    with api_server() as server:
        proxy(server)
        session = session_at(server.url)
        send(session, Wish("d", image, 5, server.url))
        assert server.asked[-1].body == b"image"
        assert server.asked[-1].headers["content-length"] == "5"
        spec = {"pvcName": "d"}
        assert server.writes[0][1] == {
            "apiVersion": "upload.cdi.kubevirt.io/v1beta1", "kind": "UploadTokenRequest",
            "metadata": {"generateName": "token-for-virtctl-", "namespace": "default"},
            "spec": spec,
        }  # fmt: skip
        assert uploads(server) == ["Bearer t1"]
        assert f"Uploading data to {server.url}" in session.env.stdout.getvalue()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "config",
    [
        {"status": {"uploadProxyURL": "URL"}},
        {"spec": {"uploadProxyURLOverride": "URL"}, "status": {"uploadProxyURL": "http://x"}},
    ],
)
def test_the_cluster_knows_its_proxy(
    session_at: SessionAt, image: str, config: dict[str, dict[str, str]]
) -> None:
    with api_server() as server:
        proxy(server)
        server.on("HEAD", ASYNC, Answer(404))
        server.on("POST", SYNC, None)
        known = {
            part: {k: v.replace("URL", server.url) for k, v in held.items()}
            for part, held in config.items()
        }
        server.object(CONFIG, known)
        send(session_at(server.url), Wish("d", image, 5))
        assert server.asked[-1].path == SYNC


def test_it_is_tried_again(session_at: SessionAt, image: str) -> None:
    with api_server() as server:
        proxy(server, Answer(500, "no luck"), Answer(500, "no luck"), None)
        session = session_at(server.url)
        send(session, Wish("d", image, 5, server.url))
        assert len(uploads(server)) == 3
        told = session.env.stderr.getvalue()  # type: ignore[attr-defined]
        assert "unexpected return value 500, no luck; trying again" in told


@pytest.mark.parametrize(("tries", "made"), [(2, 2), (1, 1), (0, 1)])
def test_and_given_up(session_at: SessionAt, image: str, tries: int, made: int) -> None:
    with api_server() as server:
        proxy(server, Answer(500, "no luck"))
        with pytest.raises(VirtctlError, match=f"after {made} retries: .* no luck"):
            send(session_at(server.url), Wish("d", image, 5, server.url, tries=tries))
        assert len(uploads(server)) == made


def test_a_token_that_is_refused(session_at: SessionAt, image: str) -> None:
    with api_server() as server:
        proxy(server, Answer(401, "who are you"))
        with pytest.raises(VirtctlError, match=r"authentication failed: .* who are you"):
            send(session_at(server.url), Wish("d", image, 5, server.url))
        proxy(server, Answer(500, "no luck"), Answer(401, "expired"), None)
        send(session_at(server.url), Wish("d", image, 5, server.url))
        assert uploads(server)[-3:] == ["Bearer t1", "Bearer t1", "Bearer t2"]


def test_no_token(session_at: SessionAt, image: str) -> None:
    with api_server() as server:
        server.on("POST", TOKENS, refused(403, "Forbidden", "not yours"))
        with pytest.raises(Forbidden, match="not yours"):
            send(session_at(server.url), Wish("d", image, 5, server.url))


def test_no_way_to_the_proxy(session_at: SessionAt, image: str) -> None:
    with api_server() as server:
        with pytest.raises(Unreachable, match="uploadproxy URL not found") as caught:
            send(session_at(server.url), Wish("d", image, 5))
        assert "the way through the API server is closed, too" in str(caught.value.hint)
        proxy(server)
        with pytest.raises(Unreachable, match="nothing answers at http://127"):
            send(session_at(server.url), Wish("d", image, 5, "http://127.0.0.1:1"))


@pytest.mark.parametrize("url", ["", "https://127.0.0.1:1"])
def test_through_the_api_server(
    session_at: SessionAt, image: str, tmp_path: Path, url: str
) -> None:
    with api_server(authority().server_context(tmp_path)) as far:
        proxy(far)
        with (
            api_server() as api,
            pod_server({8443: int(far.url.rpartition(":")[2])}) as pods,
            front_door(api.url, pods.url) as door,
        ):
            api.object(CONFIG, {})
            api.on("POST", TOKENS, {"status": {"token": "t1"}})
            named = {"metadata": {"name": "cdi-uploadproxy", "namespace": "cdi"}}
            api.object("/api/v1/services", {"items": [named]})
            spec = {"selector": {"a": "b"}, "ports": [{"port": 443, "targetPort": 8443}]}
            place = "/api/v1/namespaces/cdi"
            api.object(f"{place}/services/cdi-uploadproxy", {**named, "spec": spec})
            api.object(f"{place}/pods", {"items": [{"metadata": {"name": "p"}}]})
            session = session_at(door)
            send(session, Wish("d", image, 5, url))
            session.rest.close()
        assert far.asked[-1].body == b"image"
        assert "going through the API server instead" in session.env.stderr.getvalue()  # type: ignore[attr-defined]


def test_a_proxy_on_the_servers_own_host_is_trusted_as_the_server_is(session_at: SessionAt) -> None:
    session = session_at("https://127.0.0.1:6443")
    assert _authority(session, "https://elsewhere:1") == b""
    assert _authority(session, "") == b""
    assert _authority(session, "https://127.0.0.1:1") == session.target.certificate_authority


@pytest.mark.parametrize("named", [SYNC, ASYNC])
def test_an_endpoint_may_be_named(session_at: SessionAt, image: str, named: str) -> None:
    with api_server() as server:
        proxy(server)
        server.on("POST", SYNC, None)
        send(session_at(server.url), Wish("d", image, 5, f"{server.url}{named}"))
        assert server.asked[-1].path == named
