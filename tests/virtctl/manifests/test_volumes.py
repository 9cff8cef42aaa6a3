import pytest

from virtctl.errors import UsageError
from virtctl.manifests import volumes


def five() -> str:
    return "abcde"


def test_container_disk() -> None:
    made = volumes.container_disk("src:tiny:1,bootorder:2", "web", 3)
    assert made.volume == {"name": "web-containerdisk-3", "containerDisk": {"image": "tiny:1"}}
    assert made.boot_order == 2


def test_claim() -> None:
    assert volumes.claim("src:data").volume == {
        "name": "data",
        "persistentVolumeClaim": {"claimName": "data"},
    }
    with pytest.raises(UsageError, match='not allowed to specify namespace of pvc "data"'):
        volumes.claim("src:ns/data")


def test_sysprep() -> None:
    assert volumes.sysprep("src:u,type:Secret").volume == {
        "name": "sysprepdisk",
        "sysprep": {"secret": {"name": "u"}},
    }
    for wrong, said in (("src:ns/u", "namespace"), ("src:u,type:pvc", "invalid source type")):
        with pytest.raises(UsageError, match=said):
            volumes.sysprep(wrong)


@pytest.mark.parametrize(
    ("value", "spec"),
    [
        ("type:blank,size:1Gi", {"source": {"blank": {}}}),
        (
            "type:http,size:1Gi,url:http://a/b,extraheaders:X: 1;Y: 2",
            {"source": {"http": {"url": "http://a/b", "extraHeaders": ["X: 1", "Y: 2"]}}},
        ),
        ("type:registry,size:1Gi,url:docker://a:1,pullmethod:node",
         {"source": {"registry": {"url": "docker://a:1", "pullMethod": "node"}}}),
        ("type:imageio,size:1Gi,url:u,diskid:d",
         {"source": {"imageio": {"url": "u", "diskId": "d"}}}),
    ],
)  # fmt: skip
def test_imports_with_a_size(value: str, spec: dict[str, object]) -> None:
    made = volumes.imported(value, five)
    storage = {"storage": {"resources": {"requests": {"storage": "1Gi"}}}}
    assert made.template == {"metadata": {"name": "imported-volume-abcde"}, "spec": spec | storage}
    assert made.volume["dataVolume"] == {"name": "imported-volume-abcde"}


@pytest.mark.parametrize(
    ("value", "spec"),
    [
        ("type:ds,src:f", {"sourceRef": {"kind": "DataSource", "name": "f"}}),
        ("type:ds,src:g/f", {"sourceRef": {"kind": "DataSource", "name": "f", "namespace": "g"}}),
        ("type:pvc,src:g/p", {"source": {"pvc": {"name": "p", "namespace": "g"}}}),
        ("type:snapshot,src:g/s", {"source": {"snapshot": {"name": "s", "namespace": "g"}}}),
    ],
)
def test_references_need_no_size(value: str, spec: dict[str, object]) -> None:
    made = volumes.imported(value + ",name:x", five)
    assert made.template == {
        "metadata": {"name": "x"},
        "spec": spec | {"storage": {"resources": {}}},
    }


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("size:1Gi", "type must be specified"),
        ("type:ftp,size:1Gi", 'invalid volume import type "ftp"'),
        ("type:blank", "size must be specified"),
        ("type:blank,size:1Gi,url:x", "unknown param(s): url:x"),
        ("type:http,size:1Gi", "url is required with http volume source"),
        ("type:pvc,src:p", 'namespace of pvc "p" must be specified'),
        ("type:ds", "src must be specified"),
        ("type:registry,size:1Gi", "exactly one of url or imagestream"),
        ("type:registry,size:1Gi,url:a,imagestream:b", "exactly one of url or imagestream"),
        ("type:registry,size:1Gi,url:a,pullmethod:x", "pullmethod must be"),
    ],
)
def test_what_an_import_lacks(value: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        volumes.imported(value, five)
    assert said in str(caught.value)


def test_an_old_flag_is_named() -> None:
    with pytest.raises(UsageError, match="--volume-blank"):
        volumes.imported("type:blank,name:x", five, "volume-blank")


@pytest.mark.parametrize(
    "value",
    ["type:HTTP,url:u,size:1Gi", "type:ds,src:d,size:", "type:ds,src:d,name:", "type:,src:d"],
)
def test_imports_that_are_no_imports(value: str) -> None:
    with pytest.raises(UsageError):
        volumes.imported(value, five)
