"""Who is refused for the files that passt would open."""

from __future__ import annotations

import pytest

from launcher.errors import SpecError
from launcher.net.passtfiles import check_files
from launcher.spec import Firmware, MachineSpec, Masquerade, Memory, Nic, Passt, Port

EPHEMERAL = range(32768, 61000)


def machine(nic: Nic) -> MachineSpec:
    return MachineSpec(
        name="vm",
        namespace="default",
        hostname="vm",
        uid="1",
        memory=Memory(guest=1 << 27),
        firmware=Firmware(uuid="1"),
        nics=(nic,),
    )


def passt(*ports: Port, state: str = "") -> MachineSpec:
    nic = Nic(name="default", pod_nic="eth0", binding=Passt(), ports=ports, state=state)
    return machine(nic)


def test_all_ports_need_a_file_each_save_those_of_clients() -> None:
    with pytest.raises(SpecError, match="at all ports, which takes 74736 open files") as caught:
        check_files(passt(), allowed=20000, ephemeral=EPHEMERAL)
    assert caught.value.path == "interfaces[default].ports"
    assert "declare the ports" in (caught.value.hint or "")
    assert "may have 20000" in caught.value.problem


def test_a_wide_range_needs_as_many() -> None:
    wide = passt(Port(port=1, last=30000), Port(port=53, protocol="UDP"))
    with pytest.raises(SpecError, match="at 2 lists of ports, which takes 30129 open files"):
        check_files(wide, allowed=20000, ephemeral=EPHEMERAL)


@pytest.mark.parametrize(
    ("spec", "allowed"),
    [
        (passt(), 74736),
        (passt(Port(port=80)), 1024),
        (passt(state="absent"), 1024),
        (machine(Nic(name="default", pod_nic="eth0", binding=Masquerade())), 1),
    ],
)
def test_what_fits_is_let_through(spec: MachineSpec, allowed: int) -> None:
    check_files(spec, allowed=allowed, ephemeral=EPHEMERAL)
    with pytest.raises(SpecError):
        check_files(passt(), allowed=allowed - 1, ephemeral=EPHEMERAL)
