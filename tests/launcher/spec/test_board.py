"""Processors, memory, firmware."""

from launcher.spec import KernelBoot, Topology


def test_topology_counts() -> None:
    assert Topology(sockets=2, cores=3, threads=2).count == 12


def test_boot_files_are_shown_by_their_own_names_unless_others_are_given() -> None:
    boot = KernelBoot(kernel="/store/vmlinuz", initrd="/store/a1b2", initrd_name="initrd")
    assert boot.shown == {"/store/vmlinuz": "vmlinuz", "/store/a1b2": "initrd"}
    assert KernelBoot(kernel="/k").shown == {"/k": "k"}
