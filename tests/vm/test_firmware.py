"""Firmware, a TPM and disks of all owners: everything that QEMU's own user must get at."""

import time
from pathlib import Path

import pytest

from launcher import lifecycle
from launcher.spec import (
    Claim,
    Disk,
    DownwardMetrics,
    Efi,
    EphemeralClaim,
    Firmware,
    HostDisk,
    MachineSpec,
)
from launcher.state import Stage
from launcher.system import process
from tests.fakes.specs import machine
from tests.vm.test_launcher import Pod, pod

pytestmark = [pytest.mark.vm, pytest.mark.timeout(1500)]

MIB = 1 << 20


def prepared(made: Pod, directory: Path) -> MachineSpec:
    """A machine whose disks and state lie in a directory that is root's alone."""
    (directory / "state").mkdir(parents=True)
    directory.chmod(0o700)
    for name in ("mine", "claim", "below"):
        (directory / name).mkdir(mode=0o700)
        image = directory / name / "disk.img"
        image.write_bytes(bytes(MIB))
        image.chmod(0o600)
    uuid = "5d307ca9-b3ef-428c-8861-06e72d69f223"
    sources = (
        HostDisk(path=str(directory / "mine/disk.img")),
        Claim(path=str(directory / "claim/disk.img")),
        EphemeralClaim(path=str(directory / "below/disk.img")),
        DownwardMetrics(),
    )
    spec = machine(
        firmware=Firmware(uuid=uuid, bootloader=Efi(secure_boot=False, persistent=True)),
        tpm="persistent",
        downward_metrics=True,
        state_directory=str(directory / "state"),
        disks=tuple(
            Disk(name=f"d{number}", index=number, source=source)
            for number, source in enumerate(sources)
        ),
    )
    lifecycle.prepare(spec, made.place, lifecycle.observe_facts())
    return spec


def test_qemus_user_gets_at_all_that_is_the_machines(tmp_path: Path) -> None:
    process.find("swtpm")
    with pod(tmp_path) as made:
        spec = prepared(made, tmp_path / "disks")
        made.start()
        made.until(lambda state: state.stage.final or state.stage is Stage.RUNNING)
        state = lifecycle.last_state(made.place)
        assert state is not None
        assert state.stage is Stage.RUNNING, state.error
        assert len(state.disks) == 4
        user = lifecycle.observe_facts().qemu_user
        for name in ("qemu-system-x86", "swtpm"):
            status = Path(f"/proc/{made.pid_of(name)}/status").read_text()
            assert f"Uid:\t{user}\t" in status, name
        # The firmware found that nothing boots, and says so on the serial console.
        made.until_said("BdsDxe")
        told = made.place.private / "downwardapi-disks/vhostmd0"
        deadline = time.monotonic() + 400
        while not told.read_bytes().startswith(b"mvbd"):
            assert time.monotonic() < deadline
            time.sleep(0.1)
    kept = tmp_path / "disks/state"
    assert (kept / f"nvram/{spec.name}_VARS.fd").stat().st_size > 0
    (memory,) = kept.glob("swtpm/*/tpm2/tpm2-00.permall")
    assert memory.stat().st_size > 0
