"""The paths of a machine in a pod that is there already; the rest is seen in tests/vm."""

import os
from pathlib import Path

from launcher.storage.binds import Bind
from launcher.system import herepod


def run_in_child(binds: tuple[Bind, ...]) -> int:
    """The exit code of a launcher that finds no machine."""
    child = os.fork()
    if child == 0:
        code = 3
        try:
            devnull = os.open(os.devnull, os.O_WRONLY)
            os.dup2(devnull, 2)
            code = herepod.run(binds, -1)  # whose KVM is, stays
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_paths_are_links_and_what_the_pod_has_stays(tmp_path: Path) -> None:
    machine, pod = tmp_path / "machine", tmp_path / "pod"
    for path in (machine / "private/uid", machine / "public", pod / "private/vmi-disks/data"):
        path.mkdir(parents=True)
    image = pod / "private/vmi-disks/data/disk.img"
    image.write_text("claim")
    binds = (
        Bind(str(machine / "private"), str(pod / "private")),
        Bind(str(machine / "public"), str(pod / "run/public")),
        Bind(str(image.parent), str(image.parent)),
    )
    for _ in range(2):  # a container that is started again finds its links
        assert run_in_child(binds) == 1
        assert (pod / "private/uid").resolve() == machine / "private/uid"
        assert (pod / "run/public").resolve() == machine / "public"
        assert image.read_text() == "claim"
        assert not image.parent.is_symlink()
