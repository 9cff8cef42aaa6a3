"""Short specs of machines for the launcher's tests."""

from launcher.spec import ContainerDisk, Disk, Firmware, MachineSpec, Masquerade, Memory, Nic

UID = "11111111-2222-3333-4444-555555555555"
MAC = "02:b3:f0:00:00:01"


def machine(**changes: object) -> MachineSpec:
    """A machine with one container disk and one masqueraded NIC."""
    fields: dict[str, object] = {
        "name": "fedora-0",
        "namespace": "default",
        "uid": UID,
        "hostname": "fedora-0",
        "memory": Memory(guest=256 << 20),
        "firmware": Firmware(uuid="5d307ca9-b3ef-428c-8861-06e72d69f223"),
        "disks": (
            Disk(name="rootdisk", index=0, source=ContainerDisk(image="/i/tiny", format="qcow2")),
        ),
        "nics": (Nic(name="default", pod_nic="eth0", binding=Masquerade(), mac=MAC),),
    }
    return MachineSpec(**{**fields, **changes})
