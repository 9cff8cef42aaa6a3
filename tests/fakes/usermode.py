"""A Linux of its own for tests, as a program: it has the kinds of links that this kernel lacks.

User-mode Linux (Debian's ``user-mode-linux``) boots in a second on the files of this machine, which
it sees through an overlay: what is written there is gone when it ends. Its ``nft`` has no NAT of
the ``ip`` family.
"""

import shlex
import shutil
from collections.abc import Sequence
from pathlib import Path

from launcher.system import process
from launcher.system.process import Completed

KERNEL = "linux.uml"
MODULES = Path("/usr/lib/uml/modules")
_NEEDED = (KERNEL, "modprobe", "gcc")
_STATE = Path(__file__).with_name("usermode.c")

_BEGIN, _END = "=== it begins", "=== it ended with"

_INIT = r"""#!/bin/sh
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
mount -t proc proc /proc
mount -t tmpfs tmpfs /mnt
mkdir -p /mnt/upper /mnt/work /mnt/root /mnt/kernel/lib
ln -s {modules} /mnt/kernel/lib/modules
printf '#!/bin/sh\nexec /usr/sbin/modprobe -d /mnt/kernel "$@"\n' > /mnt/modprobe
chmod +x /mnt/modprobe
echo /mnt/modprobe > /proc/sys/kernel/modprobe
/mnt/modprobe overlay
mount -t overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work,index=off overlay /mnt/root
mount -t proc proc /mnt/root/proc
mount -t sysfs sysfs /mnt/root/sys
mount -t devtmpfs devtmpfs /mnt/root/dev
mkdir -p /mnt/tree
mount --bind /mnt/root{cwd} /mnt/tree
for directory in /run /tmp; do mount -t tmpfs tmpfs /mnt/root$directory; done
mkdir -p /mnt/root{cwd}
mount --bind /mnt/tree /mnt/root{cwd}
mkdir -p /mnt/root/run/netns /mnt/root/run/lock
for module in tun veth bridge dummy nf_tables; do /mnt/modprobe $module; done
mkdir -p /mnt/root/dev/net
[ -e /mnt/root/dev/net/tun ] || mknod /mnt/root/dev/net/tun c 10 200
ln -sfn /proc/self/fd /mnt/root/dev/fd
chroot /mnt/root ip link set lo up
echo {begin}
chroot /mnt/root sh -c {command} < /dev/null 2>&1
echo {end} $?
busybox poweroff -f
"""


def missing() -> str:
    """What of user-mode Linux is not installed; empty when all is there."""
    path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    gone = [name for name in _NEEDED if shutil.which(name, path=path) is None]
    return ", ".join(gone) or ("" if MODULES.is_dir() else str(MODULES))


def run(argv: Sequence[str], room: Path, cwd: Path, *, timeout: float = 800) -> Completed:
    """Run a program as root in a Linux of its own; ``room`` is a directory for what it needs.

    All its output comes in ``stdout``; the code is 125 when it was never begun. Raises ``Timeout``.
    """
    command = f"cd {shlex.quote(str(cwd))} && {shlex.join(argv)}"
    init = room / "init"
    parts = {"modules": MODULES, "command": shlex.quote(command), "begin": _BEGIN, "end": _END}
    parts["cwd"] = shlex.quote(str(cwd))  # what is below /tmp too
    init.write_text(_INIT.format(**parts))
    init.chmod(0o755)
    state = room / "state.so"
    process.run(["gcc", "-shared", "-fPIC", "-o", state, _STATE, "-ldl"])
    options = [
        "mem=1G", "root=/dev/root", "rootfstype=hostfs", "rootflags=/", "ro", "quiet",
        "con=null", "con0=null,fd:1", "ssl=null", f"init={init}",
    ]  # fmt: skip
    environment = {"LD_PRELOAD": str(state), "TMPDIR": str(room)}
    booted = process.run([KERNEL, *options], env=environment, timeout=timeout, check=False)
    _, begun, rest = booted.stdout.replace("\r", "").partition(_BEGIN)
    output, ended, code = rest.rpartition(_END)
    if not begun or not ended:
        return Completed(returncode=125, stdout=booted.stdout, stderr=booted.stderr)
    return Completed(returncode=int(code.split()[0]), stdout=output, stderr=booted.stderr)
