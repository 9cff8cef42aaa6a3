"""Pods in which libguestfs works on a claim."""

from __future__ import annotations

from pathlib import Path

import pytest

from virtctl.errors import BadRequest
from virtctl.local.api.verbs.ports import ExecRequest
from virtctl.local.layout import InstanceLayout
from virtctl.local.node import guestfs
from virtctl.manifests.guestfs import Wish, build

CLAIM = {"metadata": {"name": "c"}, "spec": {}}
REQUEST = ExecRequest(
    ("sh", "-c", "cat disk.img"), "libguestfs", stdin=False, stdout=True, stderr=True, tty=False
)


def tools(phase: str = "", *, root: bool = False, claim: str = "c") -> dict:
    made = build({"metadata": {"name": claim}, "spec": {}}, Wish("image", root=root))
    made["metadata"] |= {"namespace": "default", "uid": "u1"}
    return made | {"status": {"phase": phase}}


def test_which_pods_are_for_tools() -> None:
    assert guestfs.is_tools(tools())
    assert guestfs.claim_of(tools()) == "c"
    assert not guestfs.is_tools(tools(claim="../other"))
    assert not guestfs.is_tools({"metadata": {"name": "libguestfs-tools-c"}, "spec": {}})


def test_why_they_cannot_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "Debian package `libguestfs-tools`" in guestfs.refusal(tools(), [tools()])
    program = tmp_path / "guestfish"
    program.touch(mode=0o755)
    assert guestfs.refusal(tools(), [tools()]) == ""
    assert "leave out --root" in guestfs.refusal(tools(root=True), [])
    user = tools() | {"metadata": {"name": "virt-launcher-x", "uid": "u2"}}
    assert guestfs.refusal(tools(), [user]) == "claim default/c is in use by pod virt-launcher-x"


async def test_a_claim_without_a_disk_and_a_pod_that_is_over(tmp_path: Path) -> None:
    layout = InstanceLayout(tmp_path)
    with pytest.raises(BadRequest, match="does not run"):
        await guestfs.attach(layout, tools("Failed"), REQUEST, tmp_path / "disk.img")
    with pytest.raises(BadRequest, match="no disk"):
        await guestfs.attach(layout, tools("Running"), REQUEST, tmp_path / "disk.img")


def test_who_works_on_a_claim() -> None:
    assert guestfs.user_of([tools("Running")], "c") == "libguestfs-tools-c"
    assert guestfs.user_of([tools("Running")], "other") == ""
    assert guestfs.user_of([tools("Failed"), tools()], "c") == ""


@pytest.mark.host
async def test_a_shell_beside_the_disk(tmp_path: Path) -> None:
    layout = InstanceLayout(tmp_path)
    disk = layout.volumes / "default" / "c" / "disk.img"
    disk.parent.mkdir(parents=True)
    disk.write_text("here")
    shell = await guestfs.attach(layout, tools("Running"), REQUEST, disk)
    try:
        assert await shell.read() == (1, b"here")
        assert await shell.wait() == 0
    finally:
        await shell.kill()
