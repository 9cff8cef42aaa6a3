"""Shared directories and Ignition."""

from launcher.domain import sharing
from launcher.spec import SharedDirectory
from tests.fakes.machines import inputs

DATA = "/var/run/kubevirt-ephemeral-disks/ignition-data/shop/web/data.ign"


def test_nothing_unless_asked() -> None:
    assert sharing.filesystems(inputs()) == ()
    assert sharing.command_line(inputs()) == ()


def test_directories() -> None:
    (found,) = sharing.filesystems(inputs(shared_directories=(SharedDirectory(name="d"),)))
    assert found.find("source").get("socket") == "/var/run/kubevirt/virtiofs-containers/d.sock"
    assert found.find("target").get("dir") == "d"


def test_ignition() -> None:
    (found,) = sharing.command_line(inputs(ignition="{}"))
    assert [each.get("value") for each in found.children] == [
        "-fw_cfg",
        f"name=opt/com.coreos/config,file={DATA}",
    ]
