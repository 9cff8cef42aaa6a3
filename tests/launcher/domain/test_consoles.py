"""Serial console and channels."""

from launcher.domain import consoles
from tests.fakes.machines import UID, inputs


def test_the_agent_has_a_channel_that_libvirt_owns() -> None:
    (found,) = consoles.channels(inputs())
    assert found.find("target").get("name") == "org.qemu.guest_agent.0"
    assert found.find("source") is None


def test_metrics_have_another() -> None:
    _, found = consoles.channels(inputs(downward_metrics=True))
    assert found.find("source").get("path").endswith("downwardmetrics.sock")


def test_console_and_its_log() -> None:
    serial, console = consoles.console(inputs())
    path = f"/var/run/kubevirt-private/{UID}/virt-serial0"
    assert serial.find("source").get("path") == path
    assert serial.find("log").get("file") == f"{path}-log"
    assert console.get("type") == "pty"


def test_console_without_log() -> None:
    serial, _ = consoles.console(inputs(serial_log=False))
    assert serial.find("log") is None


def test_no_console() -> None:
    assert consoles.console(inputs(serial_console=False)) == ()
