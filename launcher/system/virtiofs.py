"""Directories that the guest mounts by virtiofs: a ``virtiofsd`` for each, in the pod.

QEMU talks to it over a Unix socket, and it ends when QEMU does. It runs in the shared directory as
its root, with the rights of the launcher, so that files keep their owners; KubeVirt's sidecars do
the same job.
"""

from __future__ import annotations

import time
from pathlib import Path

from launcher import layout
from launcher.errors import HostError, Timeout
from launcher.spec import MachineSpec, SharedDirectory
from launcher.storage.sharing import directory_of
from launcher.system import files, process
from launcher.system.process import Spawned

_PROGRAM = Path("/usr/libexec/virtiofsd")  # Debian and Fedora: not for people's PATH
_PATIENCE = 60.0  # seconds


class Servers:
    """The servers of one machine; without shared directories there are none."""

    def __init__(self, spec: MachineSpec, user: int) -> None:
        self._spec, self._user = spec, user
        self._running: list[Spawned] = []

    def restart(self) -> None:
        """Start all servers anew, since each serves one QEMU; blocks until they listen.

        Raises ``HostError`` when the program is not there or ends at once, and ``Timeout``.
        """
        self.stop()
        for shared in self._spec.shared_directories:
            self._running.append(_serve(shared, self._user))

    def stop(self) -> None:
        """End the servers that still run; may be repeated."""
        for server in self._running:
            server.kill()
        self._running.clear()


def _serve(shared: SharedDirectory, user: int) -> Spawned:
    socket = layout.inside_virtiofs_socket(shared.name)
    log = layout.INSIDE_MACHINE / "virtiofsd.log"
    for leftover in (socket, socket.with_name(f"{socket.name}.pid")):
        leftover.unlink(missing_ok=True)
    argv: list[str | Path] = [
        _PROGRAM if _PROGRAM.exists() else process.find("virtiofsd"),
        *("--socket-path", socket, "--shared-dir", directory_of(shared)),
        *("--sandbox", "chroot", "--cache", "auto"),
        *(("--readonly",) if shared.read_only else ()),
    ]
    server = process.spawn(argv, log=log)
    deadline = time.monotonic() + _PATIENCE
    while not socket.exists():
        if (code := server.poll()) is not None:
            raise HostError(
                f"virtiofsd of `{shared.name}` ended at once with {code}", f"see `{log}`"
            )
        if time.monotonic() > deadline:
            server.kill()
            raise Timeout(
                f"virtiofsd of `{shared.name}`", _PATIENCE, "it does not listen", str(log)
            )
        time.sleep(0.01)
    files.give(socket, user)
    socket.chmod(0o600)
    return server
