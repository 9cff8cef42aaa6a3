from pathlib import Path

import pytest

from launcher import layout
from launcher.layout import MachineLayout

PLACE = MachineLayout(root=Path("/m"), uid="u-1", caps_cache=Path("/caps"))


def test_sockets_of_a_machine_are_where_its_domain_names_them() -> None:
    inside = layout.inside_private("u-1")
    assert PLACE.serial.relative_to(PLACE.private) == (inside / "virt-serial0").relative_to(
        layout.INSIDE_PRIVATE
    )
    assert PLACE.control.relative_to(PLACE.public) == layout.INSIDE_CONTROL.relative_to(
        layout.INSIDE_PUBLIC
    )


def test_a_path_inside_is_short_enough_for_a_socket() -> None:
    longest = layout.inside_private("11111111-2222-3333-4444-555555555555") / "virt-serial0"
    assert len(str(longest)) < 108  # sun_path, unix(7)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (layout.inside_container_disk(2), "/var/run/kubevirt/container-disks/disk_2.img"),
        (
            layout.inside_overlay("root"),
            "/var/run/kubevirt-ephemeral-disks/disk-data/root/disk.qcow2",
        ),
        (
            layout.inside_seed("ns", "vm", "noCloud.iso"),
            "/var/run/kubevirt-ephemeral-disks/cloud-init-data/ns/vm/noCloud.iso",
        ),
        (layout.inside_empty_disk("e"), "/var/run/libvirt/empty-disks/e.qcow2"),
        (layout.inside_disk_image("v"), "/var/run/kubevirt-private/vmi-disks/v/disk.img"),
        (layout.inside_block_device("v"), "/dev/v"),
        (layout.inside_hotplugged("v", block=False), "/var/run/kubevirt/hotplug-disks/v.img"),
        (
            layout.inside_files_disk("secret", "s"),
            "/var/run/kubevirt-private/secret-disks/s.iso",
        ),
        (
            layout.inside_files_disk("serviceAccount", "s"),
            "/var/run/kubevirt-private/service-account-disk/service-account.iso",
        ),
    ],
)
def test_paths_are_kubevirts(found: Path, expected: str) -> None:
    assert str(found) == expected
