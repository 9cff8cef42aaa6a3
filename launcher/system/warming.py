"""Probe QEMU once, so that the first machine does not wait for it (0.6 s on a calm host).

What QEMU can do is cached by libvirt in one directory, which all machines of an instance share.
The probe is a process of its own: libvirt's driver would cost its caller 40 MB for good.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import sys
import tempfile
from pathlib import Path

import msgspec

from launcher.errors import LauncherError
from launcher.facts import CPUS_FILE
from launcher.system import mounts

_PR_SET_CHILD_SUBREAPER = 36


def main(cache: Path) -> int:
    """Fill a cache of QEMU's capabilities; the exit code.

    libvirt waits for the QEMUs that it probed to vanish, and they become orphans, so this process
    adopts and reaps them; its child has the driver.
    """
    from launcher.system.init import reap_until

    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    child = os.fork()
    if child == 0:
        os._exit(_guarded(cache))
    return reap_until(child)


def _guarded(cache: Path) -> int:
    try:
        cache.mkdir(parents=True, exist_ok=True)
        # Not beside the cache: QEMU's monitor is a socket in it, whose path must be short.
        root = Path(tempfile.mkdtemp(prefix="virtctl-probe-"))
        try:
            root.chmod(0o711)  # QEMU, which is not us, goes through it
            _probe(cache, root)
        finally:
            shutil.rmtree(root, ignore_errors=True)
    except (OSError, LauncherError) as error:
        sys.stderr.write(f"cannot probe QEMU: {error}\n")
        return 1
    return 0


def _probe(cache: Path, root: Path) -> None:
    from launcher.system.hostfacts import qemu_user
    from launcher.system.hypervisor import EmbeddedLibvirt

    # What is cached counts only where QEMU gets at KVM in the same way.
    user = qemu_user()
    mounts.unshare(mounts.NEW_MOUNTS)
    mounts.private_devices(user)
    place = root / "cache/qemu/capabilities"
    place.parent.mkdir(parents=True)
    place.symlink_to(cache.resolve())
    found = EmbeddedLibvirt(root, lambda _: None, user).probe()
    told = cache / CPUS_FILE
    fresh = told.with_suffix(".new")
    fresh.write_bytes(msgspec.json.encode(found))
    fresh.replace(told)
