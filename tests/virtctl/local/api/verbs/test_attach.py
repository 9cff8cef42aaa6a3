import pytest

from tests.fakes.attach import FakeMachines
from tests.fakes.service import make_service
from virtctl.errors import ApiError, BadRequest, InternalError
from virtctl.local.api.verbs.attach import Attach, parse_target
from virtctl.models.kinds import VIRTUAL_MACHINE, VIRTUAL_MACHINE_INSTANCE

NIC = {"interfaces": [{"ipAddress": "10.0.0.1"}]}


def scene(phase="Running", status=None, **devices):
    service, machines = make_service(), FakeMachines()
    service.create(VIRTUAL_MACHINE, "default", {"metadata": {"name": "web"}})
    service.create(VIRTUAL_MACHINE, "default", {"metadata": {"name": "off"}})
    vmi = {
        "metadata": {"name": "web"},
        "spec": {"domain": {"devices": devices}},
        "status": {"phase": phase, **(status or {})},
    }
    service.create(VIRTUAL_MACHINE_INSTANCE, "default", vmi)
    return Attach(service, machines), machines


async def test_open() -> None:
    attach, machines = scene(status=NIC)
    assert await attach.console("default", "web") is machines.duplex
    await attach.vnc("default", "web", preserve_session=True)
    await attach.portforward("virtualmachines", "default", "web", "22")
    await attach.portforward("virtualmachineinstances", "default", "web", "53/udp")
    assert machines.asked == [
        ("console",), ("vnc", True), ("dial", 22, "tcp"), ("dial", 53, "udp")
    ]  # fmt: skip
    assert await attach.screenshot("default", "web") == b"\x89PNG"


@pytest.mark.parametrize(
    ("phase", "devices", "code", "said"),
    [
        ("Running", {"autoattachSerialConsole": False}, 400, "No serial consoles are present."),
        ("Failed", {}, 409, "VMI is in failed status"),
        ("Pending", {}, 400, "VMI is not running"),
    ],
)
async def test_console_refused(phase, devices, code, said) -> None:
    attach, _ = scene(phase, **devices)
    with pytest.raises(ApiError, match=said) as caught:
        await attach.console("default", "web")
    assert caught.value.code == code


async def test_vnc_refused() -> None:
    attach, _ = scene(autoattachGraphicsDevice=False)
    with pytest.raises(BadRequest, match="No graphics devices"):
        await attach.vnc("default", "web", preserve_session=False)


@pytest.mark.parametrize(
    ("plural", "name", "phase", "status", "said"),
    [
        ("virtualmachines", "none", "Running", NIC, "virtualmachine.kubevirt.io"),
        ("virtualmachines", "off", "Running", NIC, "VMI is not started"),
        ("virtualmachineinstances", "off", "Running", NIC, "virtualmachineinstance.kubevirt.io"),
        ("virtualmachineinstances", "web", "Pending", NIC, "VMI is not running"),
        ("virtualmachineinstances", "web", "Running", {}, "no network interfaces"),
        (
            "virtualmachineinstances",
            "web",
            "Running",
            {**NIC, "conditions": [{"type": "Paused", "status": "True"}]},
            "VMI is paused",
        ),
    ],
)
async def test_portforward_refused(plural, name, phase, status, said) -> None:
    attach, _ = scene(phase, status)
    with pytest.raises(ApiError, match=said):
        await attach.portforward(plural, "default", name, "22")


async def test_usb_devices_come_to_machines_that_want_them() -> None:
    attach, machines = scene(clientPassthrough={})
    assert await attach.usbredir("default", "web") is machines.duplex
    assert machines.asked == [("usbredir",)]
    attach, _ = scene()
    with pytest.raises(ApiError, match="Not configured with USB Redirection") as caught:
        await attach.usbredir("default", "web")
    assert caught.value.code == 409
    attach, _ = scene("Pending", clientPassthrough={})
    with pytest.raises(BadRequest, match="VMI is not running"):
        await attach.usbredir("default", "web")


def test_other_streams() -> None:
    attach, _ = scene()
    assert "VSOCK" in str(attach.refuse("default", "web", "vsock"))
    attach, _ = scene(autoattachVSOCK=True)
    assert attach.refuse("default", "web", "vsock").code == 501


@pytest.mark.parametrize("target", ["x", "0", "65536", "22/sctp", ""])
def test_bad_targets(target) -> None:
    with pytest.raises(InternalError, match="dialing VM: dial"):
        parse_target(target)
