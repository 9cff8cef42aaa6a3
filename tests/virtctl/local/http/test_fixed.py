from tests.fakes.apiserver import AGGREGATED


async def test_discovery_is_cached_by_tag(client) -> None:
    for path in ("/api", "/apis"):
        first = await client.get(path, headers={"accept": AGGREGATED})
        assert first.headers["content-type"] == AGGREGATED
        assert first.json()["kind"] == "APIGroupDiscoveryList"
        headers = {"accept": AGGREGATED, "if-none-match": first.headers["etag"]}
        again = await client.get(path, headers=headers)
        assert (again.status_code, again.content) == (304, b"")


async def test_legacy_discovery(client) -> None:
    assert (await client.get("/api")).json()["versions"] == ["v1"]
    assert (await client.get("/apis/")).json()["kind"] == "APIGroupList"
    assert (await client.get("/apis/kubevirt.io")).json()["name"] == "kubevirt.io"
    assert (await client.get("/apis/kubevirt.io/v1")).json()["groupVersion"] == "kubevirt.io/v1"
    assert (await client.get("/api/v1")).json()["groupVersion"] == "v1"
    tag = (await client.get("/apis/kubevirt.io/v1")).headers["etag"]
    again = await client.get("/apis/kubevirt.io/v1", headers={"if-none-match": tag})
    assert again.status_code == 304
    for path in ("/apis/none", "/apis/none/v1", "/apis/kubevirt.io/v9", "/none"):
        assert (await client.get(path)).status_code == 404


async def test_openapi(client) -> None:
    assert "api/v1" in (await client.get("/openapi/v3")).json()["paths"]
    document = await client.get("/openapi/v3/api/v1?hash=x")
    assert document.headers["cache-control"] == "public, immutable"
    assert document.headers["expires"].endswith("GMT")
    again = {"if-none-match": document.headers["etag"]}
    assert (await client.get("/openapi/v3/api/v1?hash=x", headers=again)).status_code == 304
    assert "expires" not in (await client.get("/openapi/v3/api/v1?hash=old")).headers
    assert (await client.get("/openapi/v3/apis/none/v1")).status_code == 404
    assert (await client.get("/openapi/v2")).json()["swagger"] == "2.0"
    proto = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"
    encoded = await client.get("/openapi/v2", headers={"accept": proto})
    assert encoded.headers["content-type"].endswith("+protobuf")
    assert encoded.content.startswith(b"\n\x032.0")


async def test_health_version_and_paths(client) -> None:
    for path in ("/healthz", "/livez", "/readyz", "/readyz/ping"):
        assert (await client.get(path)).text == "ok"
    assert (await client.get("/livez?verbose")).text.endswith("livez check passed\n")
    assert (await client.get("/version")).json()["major"] == "1"
    assert (await client.post("/version")).status_code == 405
    assert "/apis/kubevirt.io/v1" in (await client.get("/")).json()["paths"]


async def test_checks_that_there_are_not(client) -> None:
    for path in ("/healthz/", "/healthz/none", "/readyz/ping/x"):
        assert (await client.get(path)).status_code == 404
    assert (await client.get("/healthz/etcd")).text == "ok"


async def test_discovery_is_only_read(client) -> None:
    for path in ("/api", "/api/v1", "/apis/apps/v1", "/version"):
        assert (await client.post(path)).status_code == 405
        assert (await client.get(path)).status_code == 200
    for path in ("/apis", "/apis/apps", "/apis/kubevirt.io/v1"):
        assert (await client.post(path)).status_code == 200
    for path in ("/api", "/apis", "/api/v1", "/apis/apps"):
        refused = await client.get(path, headers={"accept": "text/html"})
        assert refused.status_code == 406


async def test_what_kubernetes_own_groups_do_not_have(client) -> None:
    for path in ("/api/v2", "/api/v1/none", "/apis/apps/v9", "/apis/apps/v1/none"):
        missing = await client.get(path)
        assert missing.json()["reason"] == "NotFound"
    for path in ("/apis/none", "/apis/none/v1/things", "/apis/kubevirt.io/v1/none"):
        assert (await client.get(path)).text == "404 page not found\n"
