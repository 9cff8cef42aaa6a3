"""Devices with tags."""

from launcher.cloudinit.tags import Device, devices
from launcher.facts import HostCpu, HostFacts, NumaCell
from launcher.spec import Cpu, HostDevice
from tests.fakes.machines import machine, nic

PLACE = '<address type="pci" domain="0x0000" bus="0x0{bus}" slot="0x00" function="0x0"/>'
DOMAIN = f"""<domain>
<cputune><vcpupin vcpu="0" cpuset="4"/><vcpupin vcpu="1" cpuset="2"/></cputune>
<devices>
<interface><alias name="ua-default"/>{PLACE.format(bus=1)}</interface>
<interface><alias name="ua-plain"/>{PLACE.format(bus=2)}</interface>
<hostdev><alias name="ua-hostdevice-qat"/>{PLACE.format(bus=3)}</hostdev>
<hostdev><alias name="ua-sriov-fast"/>{PLACE.format(bus=4)}</hostdev>
<hostdev><alias name="ua-gpu-card"/>{PLACE.format(bus=5)}</hostdev>
</devices></domain>"""
FACTS = HostFacts(
    numa_cells=(NumaCell(id=1, cpus=(HostCpu(id=2), HostCpu(id=3), HostCpu(id=4))),),
    pci_nodes={"0000:65:00.0": 1},
)
GIVEN = (
    HostDevice(name="qat", kind="device", bus="pci", address="0000:65:00.0", tag="crypt"),
    HostDevice(name="fast", kind="sriov", bus="pci", address="0000:66:00.0", tag="lan"),
    HostDevice(name="card", kind="gpu", bus="pci", address="0000:67:00.0", tag="screen"),
)


def found(**cpu) -> tuple[Device, ...]:
    spec = machine(nics=(nic(tag="lan0"), nic("plain")), host_devices=GIVEN, cpu=Cpu(**cpu))
    return devices(spec, FACTS, DOMAIN)


def test_nics_and_devices_of_the_host() -> None:
    assert found() == (
        Device(type="nic", bus="pci", address="0000:01:00.0", tags=("lan0",)),
        Device(type="hostdev", bus="pci", address="0000:03:00.0", tags=("crypt",)),
        Device(type="nic", bus="pci", address="0000:04:00.0", tags=("lan",)),
    )


def test_guests_with_processors_of_their_own_know_which_are_near() -> None:
    assert [each.aligned_cpus for each in found(dedicated=True)] == [(), (1, 0), ()]


def test_guests_with_the_hosts_cells_know_which_is_near() -> None:
    shown = found(dedicated=True, numa_passthrough=True)
    assert [(each.numa_node, each.aligned_cpus) for each in shown] == [(0, ()), (1, ()), (0, ())]
