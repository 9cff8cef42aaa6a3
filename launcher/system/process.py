"""Run programs: argv in, exit code and output out, nothing printed.

``run`` waits for the program; ``spawn`` starts one that outlives us. Both can start it in a network
namespace: a child inherits the namespace of the *thread* that forks it, so no wrapper is needed.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from launcher.errors import HostError, ProgramError, Timeout

PACKAGES = {
    "busybox": "busybox-static",
    "cpio": "cpio",
    "debugfs": "e2fsprogs",
    "dnsmasq": "dnsmasq-base",
    "dpkg-deb": "dpkg",
    "dropbear": "dropbear-bin",
    "ip": "iproute2",
    "iptables": "iptables",
    "mcopy": "mtools",
    "mke2fs": "e2fsprogs",
    "mkfs.ext4": "e2fsprogs",
    "mkfs.fat": "dosfstools",
    "mmdebstrap": "mmdebstrap",
    "nft": "nftables",
    "nsenter": "util-linux",
    "passt": "passt",
    "qemu-img": "qemu-utils",
    "qemu-system-x86_64": "qemu-system-x86",
    "scp": "openssh-client",
    "sfdisk": "fdisk",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    "syslinux": "syslinux",
    "udhcpc": "udhcpc",
    "virsh": "libvirt-clients",
    "virtiofsd": "virtiofsd",
    "virt-xml-validate": "libvirt-clients",
    "xorriso": "xorriso",
    "xz": "xz-utils",
    "zstd": "zstd",
}
"""The Debian package of each program that we may run."""

_SBIN = "/usr/local/sbin:/usr/sbin:/sbin"  # a plain user's PATH, kept by su, lacks them


@dataclass(frozen=True)
class Completed:
    """A program that ended. Output is text; bytes that are not UTF-8 are replaced."""

    returncode: int
    stdout: str
    stderr: str


@dataclass(frozen=True)
class Spawned:
    """A program that runs on its own. Only the process that spawned it can wait for it."""

    pid: int

    def poll(self) -> int | None:
        """Exit code when it has ended, negative for a signal; None while it runs."""
        return self._reap(os.WNOHANG)

    def wait(self, timeout: float | None = None) -> int:
        """Exit code once it has ended; raises ``Timeout`` after ``timeout`` seconds."""
        if timeout is None:
            return self._reap(0) or 0
        deadline = time.monotonic() + timeout
        while (code := self.poll()) is None:
            if time.monotonic() > deadline:
                raise Timeout(f"end of process {self.pid}", timeout, "it still runs", "")
            time.sleep(0.01)
        return code

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send a signal; a process that is gone already is fine."""
        try:
            os.kill(self.pid, number)
        except ProcessLookupError:
            return

    def _reap(self, flags: int) -> int | None:
        try:
            pid, status = os.waitpid(self.pid, flags)
        except ChildProcessError:
            return 0  # somebody else reaped it
        return os.waitstatus_to_exitcode(status) if pid else None


def find(program: str) -> Path:
    """Absolute path of a program; raises ``HostError`` naming the Debian package when known."""
    if found := shutil.which(program, path=f"{os.environ.get('PATH', os.defpath)}:{_SBIN}"):
        return Path(found)
    package = PACKAGES.get(Path(program).name)
    raise HostError(
        f"`{program}` is not installed",
        f"install the package `{package}`" if package else None,
    )


def run(  # noqa: PLR0913 - the options of one child process, all by keyword
    argv: Sequence[str | Path],
    *,
    input: bytes | str | None = None,  # noqa: A002 - subprocess's own name for it
    env: Mapping[str, str] | None = None,
    netns: str | None = None,
    timeout: float | None = None,
    check: bool = True,
    cwd: Path | None = None,
) -> Completed:
    """Run a program to its end and return what it said.

    ``env`` is added to our own environment. ``netns`` names a network namespace to run in.
    ``timeout`` is in seconds; when it passes the program is killed and ``Timeout`` raised. With
    ``check`` an exit code other than 0 raises ``ProgramError`` with the last line of stderr. A
    program that is not installed raises ``HostError``. Without ``input`` stdin is empty.
    """
    words = _words(argv)
    data = input.encode() if isinstance(input, str) else input
    try:
        with _inside(netns):
            child = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL if data is None else subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=_environment(env),
                cwd=cwd,
            )
    except OSError as error:
        raise HostError(f"`{words[0]}` cannot be run: {error.strerror}") from error
    with child:
        try:
            out, err = child.communicate(data, timeout)
        except subprocess.TimeoutExpired as error:
            child.kill()
            out, err = child.communicate()
            said = err.decode(errors="replace").strip().splitlines()
            reached = f"it said: {said[-1]}" if said else "it said nothing"
            raise Timeout(f"end of `{shlex.join(words)}`", timeout or 0, reached, "") from error
        except BaseException:
            child.kill()
            raise
    done = Completed(child.returncode, out.decode(errors="replace"), err.decode(errors="replace"))
    if check and done.returncode:
        raise ProgramError(words, done.returncode, done.stderr)
    return done


def spawn(
    argv: Sequence[str | Path],
    *,
    log: Path | None = None,
    env: Mapping[str, str] | None = None,
    netns: str | None = None,
) -> Spawned:
    """Start a program in a session of its own and leave it running.

    stdin is empty; stdout and stderr are appended to ``log``, or dropped. ``env`` is added to our
    environment. Raises ``HostError`` when the program is not installed or cannot be run.
    """
    words = _words(argv)
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(log or os.devnull), flags, 0o600),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    try:
        with _inside(netns):
            environment = _environment(env) or os.environ
            return Spawned(
                os.posix_spawn(words[0], words, environment, file_actions=actions, setsid=True)
            )
    except OSError as error:
        raise HostError(f"`{words[0]}` cannot be run: {error.strerror}") from error


def start_time(pid: int) -> int | None:
    """When a process started, in clock ticks since boot; None when there is no such process.

    A pid with its start time names a process for good, a pid alone may be reused (proc(5), stat).
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The second field is the program's name in brackets and may hold spaces and brackets.
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in {"Z", "X"} else int(fields[19])


def _words(argv: Sequence[str | Path]) -> list[str]:
    return [str(find(str(argv[0]))), *(str(word) for word in argv[1:])]


def _environment(env: Mapping[str, str] | None) -> dict[str, str] | None:
    return {**os.environ, **env} if env is not None else None


@contextmanager
def _inside(netns: str | None) -> Iterator[None]:
    if netns is None:
        yield
        return
    from launcher.system import namespaces

    with namespaces.in_netns(netns):
        yield
