from pathlib import Path

from launcher.layout import MachineLayout
from launcher.system.handover import share_files


def place(root: Path) -> MachineLayout:
    return MachineLayout(root=root, uid="u", caps_cache=root / "caps")


def test_disks_get_a_second_name(tmp_path: Path) -> None:
    old, new = place(tmp_path / "old"), place(tmp_path / "new")
    overlay = "disk-data/root/disk.qcow2"
    (old.ephemeral / overlay).parent.mkdir(parents=True, mode=0o700)
    (old.ephemeral / overlay).write_text("what the guest wrote")
    seed = old.private / "secret-disks/keys.iso"
    seed.parent.mkdir(parents=True)
    seed.write_text("keys")
    socket = old.private / "u/virt-serial0"
    socket.parent.mkdir(parents=True)
    socket.write_text("")

    share_files(old, new)
    share_files(old, new)

    assert (new.ephemeral / overlay).samefile(old.ephemeral / overlay)
    assert (new.ephemeral / overlay).parent.stat().st_mode & 0o777 == 0o700
    assert (new.private / "secret-disks/keys.iso").read_text() == "keys"
    assert not (new.private / "u").exists()
