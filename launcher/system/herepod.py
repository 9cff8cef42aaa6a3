"""A machine in the pod that this process is in already, as a container of it.

An ordinary pod of Kubernetes has its namespaces, its ``/dev`` and its ``/etc`` from the kubelet,
and its containers may not mount anything. So nothing is made here but the paths that a machine has
inside, as symbolic links into the machine's directory; files that the pod itself has at such a path
(images, claims, as volumes of the pod) stay. The caller's process reaps orphans and passes signals
on, as the first one of our own pods does.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from launcher.storage.binds import Bind
from launcher.system import capabilities
from launcher.system.init import FORWARDED, reap_until

_KEPT = ("/etc/resolv.conf", "/etc/hosts")  # the kubelet's


def run(binds: Iterable[Bind], user: int) -> int:
    """Run a prepared machine to its end; the launcher's exit code. Raises ``OSError``."""
    for bind in binds:
        if bind.target not in _KEPT:
            _link(Path(bind.source), Path(bind.target))
    _open_kvm(user)
    with suppress(PermissionError):  # a container may not even give up what it has not
        capabilities.keep_only(capabilities.LAUNCHER)
    child = os.fork()
    if child == 0:
        os._exit(_guarded())
    for number in FORWARDED:
        signal.signal(number, lambda number, _frame: os.kill(child, number))
    return reap_until(child)


def _guarded() -> int:
    from launcher.system import proper

    try:
        return proper.main()
    except BaseException as error:  # noqa: BLE001 - a forked child must not run its parent's code
        sys.stderr.write(f"the launcher failed: {error}\n")
        sys.stderr.flush()
        return 1


def _link(source: Path, target: Path) -> None:
    """Show ``source`` at ``target``, unless something is there that is not ours."""
    if target.exists() and target.samefile(source):
        return
    if target.is_symlink():
        target.unlink()
    elif target.is_dir() and source.is_dir():
        _merge(source, target)
        return
    elif target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    target.symlink_to(source)


def _merge(source: Path, target: Path) -> None:
    """A directory of the pod's takes what the machine's has, and is the machine's from then on."""
    for entry in source.iterdir():
        _link(entry, target / entry.name)


def _open_kvm(user: int) -> None:
    """The container's own node of KVM is for QEMU, whoever it was for."""
    with suppress(OSError):
        os.chown("/dev/kvm", user, user)
