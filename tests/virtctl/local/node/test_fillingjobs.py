"""Jobs for workers, from claims."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from tests.fakes.cdi import claim, config, volume
from tests.fakes.shelf import Shelf
from virtctl.errors import InvalidField
from virtctl.local.imports.job import Refused
from virtctl.local.layout import InstanceLayout
from virtctl.local.node.fillingjobs import Waiting, job_of

LAYOUT = InstanceLayout(Path("/srv/one"))
CLAIM = "/srv/one/volumes/default/dv1"


def job(document: dict, *others: dict):
    return job_of(Shelf([document, volume(CLAIM), *others]), LAYOUT, document)


def kept(kind: str, name: str, **data: str) -> dict:
    if kind == "Secret":
        data = {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}
    metadata = {"name": name, "namespace": "default"}
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata, "data": data}


def test_all_that_a_worker_needs_is_looked_up() -> None:
    wanted = claim(SOURCE="http", ENDPOINT="http://x/disk", SECRET="login", CERTIFICATES="ca",
                   CHECKSUM="sha256:00", CONTENT="archive", PREALLOCATE="true")  # fmt: skip
    marks = wanted["metadata"]["annotations"]
    marks["cdi.kubevirt.io/storage.import.extraHeaders.0"] = "A: b"
    marks["cdi.kubevirt.io/storage.import.secretExtraHeaders.0"] = "more"
    found = job(
        wanted,
        kept("Secret", "login", accessKeyId="jane", secretKey="s"),
        kept("Secret", "more", x="C: d\n"),
        kept("ConfigMap", "ca", **{"ca.pem": "PEM"}),
    )
    assert (found.name, found.target, found.capacity) == (
        "default/dv1",
        f"{CLAIM}/disk.img",
        1 << 20,
    )
    assert (found.archive, found.preallocate) == (True, True)
    source = found.source
    assert (source.user, source.password, source.authority) == ("jane", "s", "PEM")
    assert source.headers == ("A: b", "C: d")


def test_the_proxy_of_imports() -> None:
    around = config()
    around["spec"] = {
        "importProxy": {
            "HTTPProxy": "http://p:1", "HTTPSProxy": "http://p:2", "noProxy": "x",
            "trustedCAProxy": "proxy-ca",
        }
    }  # fmt: skip
    beside = {
        "apiVersion": "v1", "kind": "Service",
        "metadata": {"name": "cdi-uploadproxy", "namespace": "default"},
    }  # fmt: skip
    ca = kept("ConfigMap", "proxy-ca", **{"ca.pem": "PROXY"})
    source = job(claim(SOURCE="http", ENDPOINT="http://x/disk"), around, beside, ca).source
    assert (source.http_proxy, source.https_proxy, source.no_proxy) == (
        "http://p:1",
        "http://p:2",
        "x",
    )
    assert source.authority == "PROXY"


def test_disks_are_smaller_than_claims_with_a_file_system() -> None:
    assert job(claim(SOURCE="none", DISK_SIZE="524288")).capacity == 524288
    assert job(claim(SOURCE="none"), config("0.5")).capacity == 0


@pytest.mark.parametrize("kind", ["vddk", "imageio"])
def test_what_nobody_here_can_do_is_said(kind: str) -> None:
    with pytest.raises(Refused, match="http source"):
        job(claim(SOURCE=kind))


@pytest.mark.parametrize(
    ("marks", "what"),
    [({"SECRET": "x"}, 'secret "x"'), ({"CERTIFICATES": "x"}, 'configmap "x"')],
)
def test_what_is_missing_is_waited_for(marks: dict, what: str) -> None:
    with pytest.raises(Waiting, match=what):
        job(claim(SOURCE="http", **marks))


def test_a_secret_that_is_none() -> None:
    secret = kept("Secret", "x") | {"data": {"accessKeyId": "?"}}
    with pytest.raises(InvalidField, match="base64"):
        job(claim(SOURCE="http", SECRET="x"), secret)


def test_a_claim_without_a_volume_is_waited_for() -> None:
    with pytest.raises(Waiting, match="not bound"):
        job_of(Shelf([]), LAYOUT, claim(SOURCE="none"))


def test_uploads_and_pulls_by_the_node() -> None:
    assert job(claim(UPLOAD="")).source.kind == "upload"
    found = job(claim(SOURCE="registry", ENDPOINT="docker://x", PULL_METHOD="node"))
    assert found.source.store == "/srv/one"


def test_a_copy_waits_until_its_source_is_full_and_free() -> None:
    wanted = claim(CLONE="default/golden")
    golden = claim("golden", SOURCE="http")
    place = volume("/srv/one/volumes/default/golden", "golden")
    with pytest.raises(Waiting, match="doesn't exist"):
        job(wanted)
    with pytest.raises(Waiting, match="not filled"):
        job(wanted, golden, place)
    golden = claim("golden", SOURCE="http", POD_PHASE="Succeeded")
    with pytest.raises(Waiting, match="not bound"):
        job(wanted, golden)
    user = {
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "default"},
        "spec": {"volumes": [{"persistentVolumeClaim": {"claimName": "golden"}}]},
    }  # fmt: skip
    with pytest.raises(Waiting, match="pod default/p using") as caught:
        job(wanted, golden, place, user)
    assert caught.value.reason == "CloneSourceInUse"
    assert job(wanted, golden, place).source.url == "/srv/one/volumes/default/golden/disk.img"


def test_what_a_guest_has_open_is_not_uploaded_over() -> None:
    user = {
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "default"},
        "spec": {"volumes": [{"persistentVolumeClaim": {"claimName": "dv1"}}]},
    }  # fmt: skip
    with pytest.raises(Waiting, match="pod p uses"):
        job(claim(UPLOAD=""), user)


def snapshot(handle: str, *, ready: bool = True) -> list[dict]:
    version = "snapshot.storage.k8s.io/v1"
    return [
        {"apiVersion": version, "kind": "VolumeSnapshot",
         "metadata": {"name": "s", "namespace": "default"},
         "status": {"boundVolumeSnapshotContentName": "c", "readyToUse": ready}},
        {"apiVersion": version, "kind": "VolumeSnapshotContent", "metadata": {"name": "c"},
         "status": {"snapshotHandle": handle}},
    ]  # fmt: skip


def test_a_snapshot_is_copied_when_it_is_ready() -> None:
    wanted = claim(SNAPSHOT="default/s")
    frozen = "/srv/one/snapshots/x.img"
    assert job(wanted, *snapshot(frozen)).source.url == frozen
    with pytest.raises(Waiting, match="not ready"):
        job(wanted, *snapshot(frozen, ready=False))
    with pytest.raises(Waiting, match="doesn't exist"):
        job(wanted)
    for handle in ("/etc/shadow", "/srv/one/snapshots/../pki/ca.key"):
        with pytest.raises(Refused, match="no snapshot of this instance"):
            job(wanted, *snapshot(handle))
