"""A shell beside a disk: without rights, without a network, and with little of the host to see.

It has mount, process, network, IPC and UTS namespaces of its own, and is the user that guests' QEMU
is, without capabilities. Of the host it sees what everybody may read; the directories that are
hidden are empty.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path

from launcher.errors import HostError
from launcher.system import hostfacts, process
from launcher.system.podexec import PodProcess, start

_SPACES = ("--mount", "--pid", "--net", "--ipc", "--uts", "--fork", "--kill-child", "--mount-proc")
_SCRATCH = ("/tmp", "/var/tmp", "/run")  # noqa: S108 - in a namespace
_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
_SCRIPT = """
set -eu
directory=$1 owner=$2 group=$3 kvm=$4 hidden=$5
shift 5
mount -t tmpfs -o mode=0755 none /mnt
mkdir /mnt/disk
mount --bind "$directory" /mnt/disk
while [ "$hidden" -gt 0 ]; do
    if [ -d "$1" ]; then mount -t tmpfs -o mode=1777 none "$1"; fi
    shift
    hidden=$((hidden - 1))
done
# The host's own device has another owner, and may be one that does not work.
mkdir /mnt/dev
if [ "$kvm" = yes ]; then
    mknod -m 600 /mnt/dev/kvm c 10 232
    chown "$owner:$group" /mnt/dev/kvm
    mount --bind /mnt/dev/kvm /dev/kvm
elif [ -e /dev/kvm ]; then
    mount --bind /dev/null /dev/kvm
fi
cd /mnt/disk
exec setpriv --reuid "$owner" --regid "$group" --clear-groups --no-new-privs --inh-caps=-all \\
    --bounding-set=-all -- "$@"
"""


async def spawn(
    disk: Path, hidden: Sequence[Path], argv: Sequence[str], *, tty: bool, stdin: bool, kvm: bool
) -> PodProcess:
    """Start a program in the directory of ``disk``, which it sees as ``/mnt/disk``.

    The disk is given to the user that guests' QEMU is. Without ``kvm`` libguestfs' QEMU translates.
    Raises ``HostError`` when there is no such disk.
    """
    user = hostfacts.qemu_user()
    _give(disk, user)
    places = [*map(str, hidden), *_SCRATCH]
    words = [
        str(process.find("unshare")), *_SPACES, "--propagation", "private", "--",
        "sh", "-c", _SCRIPT, "sh", str(disk.parent), str(user), str(user),
        "yes" if kvm else "no", str(len(places)), *places, *argv,
    ]  # fmt: skip
    env = {
        "PATH": _PATH, "HOME": "/tmp", "TERM": "xterm" if tty else "dumb",  # noqa: S108 - as above
        "LIBGUESTFS_BACKEND": "direct",
        # Its own try of KVM hangs for ever where the device is there and does not work.
        **({} if kvm else {"LIBGUESTFS_BACKEND_SETTINGS": "force_tcg"}),
    }  # fmt: skip
    try:
        return await start(words, env, tty=tty, stdin=stdin)
    except OSError as error:
        raise HostError(f"`{argv[0]}` cannot be run: {error.strerror}") from error


def _give(disk: Path, user: int) -> None:
    """Make a file or block device the user's. Raises ``HostError``, also for a link."""
    try:
        descriptor = os.open(disk, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise HostError(f"there is no disk `{disk}`: {error.strerror}") from error
    try:
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.fchown(descriptor, user, user)
    except OSError as error:
        raise HostError(f"cannot give `{disk}` to user {user}: {error.strerror}") from error
    finally:
        os.close(descriptor)
