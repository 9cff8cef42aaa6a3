import pytest

from tests.fakes.canned import api_server, refused
from tests.fakes.env import SessionAt
from virtctl.client.exports import (
    Link,
    held_token,
    manifest_link,
    remove,
    service,
    stage,
    volume_link,
)
from virtctl.errors import Forbidden, UsageError, VirtctlError
from virtctl.models.documents import Document, JsonValue

EXPORT = "/apis/export.kubevirt.io/v1/namespaces/default/virtualmachineexports/e"
SECRET = "/api/v1/namespaces/default/secrets/s"


def volume(name: str, *formats: str) -> Document:
    return {"name": name, "formats": [{"format": f, "url": f"https://{name}/{f}"} for f in formats]}


def export(*volumes: Document, phase: str = "Ready", **status: JsonValue) -> Document:
    links: Document = {"cert": "CA", "volumes": list(volumes)}
    links["manifests"] = [{"type": "all", "url": "https://m/all"}]
    return {"status": {"phase": phase, "links": {"external": links}, **status}}


@pytest.mark.parametrize(
    ("formats", "url", "compressed"),
    [
        (("raw", "gzip"), "https://d/gzip", True),
        (("dir", "tar.gz"), "https://d/tar.gz", True),
        (("raw",), "https://d/raw", False),
        (("dir",), "https://d/dir", False),
    ],
)
def test_the_smallest_form_is_taken(formats: tuple[str, ...], url: str, compressed: bool) -> None:
    link = volume_link(export(volume("d", *formats)), "external", "")
    assert link == Link(url, b"CA", compressed, "d")


def test_one_of_several_must_be_named() -> None:
    held = export(volume("a", "raw"), volume("b", "raw"))
    with pytest.raises(UsageError, match="several volumes: a, b"):
        volume_link(held, "external", "")
    assert volume_link(held, "external", "b").url == "https://b/raw"
    with pytest.raises(VirtctlError, match="no volume c in the export; it has: a, b"):
        volume_link(held, "external", "c")


def test_the_only_one_is_taken_whatever_it_is_called() -> None:
    assert volume_link(export(volume("a", "raw")), "external", "b").name == "a"


def test_what_is_not_offered() -> None:
    with pytest.raises(VirtctlError, match="has no volume"):
        volume_link(export(), "external", "")
    with pytest.raises(VirtctlError, match="in no format"):
        volume_link(export(volume("d", "vhd")), "external", "")
    assert manifest_link(export(), "external", "all").url == "https://m/all"
    with pytest.raises(VirtctlError, match="no manifest of type oci"):
        manifest_link(export(), "external", "oci")


def test_how_far_it_is() -> None:
    assert stage(export(), "external") == ""
    assert stage(export(), "internal") == "phase Ready, no internal link"
    assert stage(export(phase="Skipped"), "external") == "there is nothing in it to export"
    waiting: JsonValue = [{"type": "Ready", "status": "False", "reason": "PodPending"}]
    assert stage(export(phase="Pending", conditions=waiting), "external") == (
        "phase Pending, PodPending"
    )
    assert stage({}, "external") == "phase Pending"
    assert service({"status": {"serviceName": "virt-export-e"}}) == "virt-export-e"


def test_the_token_is_in_the_secret_of_the_status(session_at: SessionAt) -> None:
    with api_server() as server:
        server.object(SECRET, {"data": {"token": "dG9r"}})
        rest = session_at(server.url).rest
        held: Document = {"spec": {"tokenSecretRef": "old"}, "status": {"tokenSecretRef": "s"}}
        assert held_token(rest, "default", held) == "tok"
        server.object(SECRET, {"data": {}})
        with pytest.raises(VirtctlError, match="default/s holds no token"):
            held_token(rest, "default", held)


def test_removing(session_at: SessionAt) -> None:
    with api_server() as server:
        rest = session_at(server.url).rest
        assert not remove(rest, "default", "e")
        server.on("DELETE", EXPORT, {}, refused(403, "Forbidden", "no"))
        assert remove(rest, "default", "e")
        with pytest.raises(Forbidden):
            remove(rest, "default", "e")
