"""The door to machines: make, start, reach and remove one.

A machine lives in a directory (``MachineLayout``) and in a pod whose network namespace the caller
has made. Its processes are nobody's children: they go on when the caller ends, and any later
process of the host can reach them through the same directory.

The order of a life is ``prepare``, ``start``, ``connect`` as often as wanted, ``destroy``.
Functions that wait are coroutines; the others return at once.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from launcher import layout
from launcher import spec as specs
from launcher import state as states
from launcher.errors import HostError, LauncherError, LauncherGone, Timeout
from launcher.facts import HostFacts
from launcher.layout import MachineLayout
from launcher.spec import Limits, MachineSpec, Passt
from launcher.state import MachineState
from launcher.storage.binds import (
    PodRun,
    pod_binds,
    qemu_user,
    state_directories,
    to_be_owned,
    to_be_read,
)
from launcher.system import cgroups, files, herepod, podexec, process
from launcher.system.control import Command, Control, open_unix
from launcher.system.handover import share_files
from launcher.system.hostfacts import observe_facts
from launcher.system.podexec import PodProcess
from launcher.system.process import Spawned

if TYPE_CHECKING:
    from launcher.net.model import NetState

__all__ = [
    "Command",
    "Control",
    "PodProcess",
    "connect",
    "destroy",
    "dump_memory",
    "is_alive",
    "last_state",
    "limit",
    "observe_facts",
    "open_serial",
    "open_usb",
    "open_vnc",
    "prepare",
    "render_disks",
    "render_domain",
    "render_network",
    "render_seeds",
    "run_here",
    "share_files",
    "spawn_exec",
    "start",
    "supposed_pod",
    "warm",
]

START_TIMEOUT = 120.0
"""Seconds in which a launcher must answer; it takes about 0.2 on a calm machine."""

_LOOK_AGAIN = 0.01

_ENVIRONMENT = {"MALLOC_ARENA_MAX": "1"}  # few threads, all mostly asleep: one heap is enough


def prepare(spec: MachineSpec, place: MachineLayout, facts: HostFacts) -> None:
    """Make the machine's directory with everything that its launcher reads.

    Nothing runs yet, and of what is outside the directory only the disks' own files change: QEMU
    is no root, so claims are given to its user, and images may be read by all. May be called
    again until ``start``. Raises ``HostError``.
    """
    files.make_directory(place.root, mode=0o700)
    for directory in (
        place.private / spec.uid,
        place.control.parent,
        place.public / "container-disks",
        place.ephemeral,
        place.libvirt,
        place.caps_cache,
    ):
        files.make_directory(directory)
    user = qemu_user(spec, facts)
    files.give(place.private / spec.uid, user)  # where QEMU makes its sockets
    if spec.downward_metrics:
        channel = place.private / layout.INSIDE_METRICS_SOCKET.parent.name
        files.make_directory(channel)
        files.give(channel, user)
    if any(isinstance(nic.binding, Passt) for nic in spec.nics):
        log = place.public / layout.INSIDE_PASST_LOG.name
        files.write(log, b"")
        files.give(log, user)
    if spec.tpm:
        files.make_directory(place.tpm_authority)
        files.give(place.tpm_authority, user)
    for directory in map(Path, state_directories(spec)):
        files.make_directory(directory)
        files.give(directory, user)
    for path in to_be_owned(spec):
        if Path(path).exists():
            files.give(Path(path), user)
    for path in to_be_read(spec):
        files.let_read(Path(path))
    files.write(place.facts, msgspec.json.encode(facts))
    files.write(place.resolv_conf, _resolv_conf(spec), mode=0o644)
    files.write(place.hosts, _hosts(), mode=0o644)
    files.write(place.spec, specs.encode(spec))


async def start(place: MachineLayout, netns: Path, *, patience: float = START_TIMEOUT) -> Control:
    """Start the launcher of a prepared machine in a network namespace, given by its path.

    Returns as soon as the launcher answers: the guest's own progress is in ``Control.states()``.

    Raises ``HostError`` when the launcher ends early (its last words are in the message),
    ``Timeout`` when it does not answer within ``patience`` seconds (it is ended then).
    """
    spec = specs.decode(place.spec.read_bytes())
    groups = cgroups.make(_group(place), spec.limits, cgroups.look())
    run = PodRun(
        netns=str(netns),
        hostname=spec.hostname,
        pid_file=str(place.pid),
        binds=pod_binds(spec, place),
        qemu_user=qemu_user(spec, _facts(place)),
        groups=tuple(map(str, groups)),
    )
    files.write(place.run, msgspec.json.encode(run))
    for leftover in (place.pid, place.state, place.control):
        leftover.unlink(missing_ok=True)
    argv: list[str | Path] = [sys.executable, "-P", "-m", "launcher", "run", place.root]
    spawned = process.spawn(argv, log=place.log, env=_ENVIRONMENT)
    deadline = time.monotonic() + patience
    while True:
        code = spawned.poll()
        if code is not None and (code != 0 or not is_alive(place)):
            raise _start_failure(place)
        try:
            return await connect(place)
        except LauncherGone:
            await asyncio.sleep(_LOOK_AGAIN)
        if time.monotonic() > deadline:
            spawned.kill()
            await _end(place)
            raise Timeout("the launcher's answer", patience, _last_words(place), str(place.log))


def run_here(spec: MachineSpec, place: MachineLayout, facts: HostFacts) -> int:
    """Run a machine in the pod that this process is in, to its end; the exit code.

    For a container of an ordinary pod that is root with ``NET_ADMIN`` and has ``/dev/net/tun``; its
    first link is the guest's way out. Images and claims are where KubeVirt's pods have them.
    Raises ``HostError`` and ``OSError``.
    """
    prepare(spec, place, facts)
    place.root.chmod(0o711)  # QEMU's user goes through it
    return herepod.run(pod_binds(spec, place), qemu_user(spec, facts))


def warm(caps_cache: Path) -> Spawned:
    """Begin to fill the cache of QEMU's capabilities, so that the first machine starts sooner.

    Returns at once with the process, which takes about a second and is good to be reaped by the
    caller's event loop or ``Spawned.wait``. Harmless at any time. Raises ``HostError``.
    """
    return process.spawn([sys.executable, "-P", "-m", "launcher", "warm", caps_cache])


async def connect(place: MachineLayout) -> Control:
    """The control of a running launcher; raises ``LauncherGone`` when none answers."""
    control = Control(place.control)
    await control.request(Command.STATE)
    return control


def is_alive(place: MachineLayout) -> bool:
    """Whether the machine's pod still has its first process."""
    return _pid(place) is not None


def last_state(place: MachineLayout) -> MachineState | None:
    """The state on disk, the last one that was; None before there is any.

    When ``is_alive`` is false and this is not a final state, the launcher was killed.
    """
    try:
        return states.decode(place.state.read_bytes())
    except FileNotFoundError:
        return None
    except msgspec.DecodeError as error:
        raise HostError(f"the state `{place.state}` cannot be read: {error}") from error


async def destroy(place: MachineLayout, *, keep: bool = False) -> None:
    """End all processes of the machine at once and remove its directory; may be called again.

    Nothing else is left: the mounts are in the pod's own namespace. ``keep`` leaves the directory,
    for those who want to read its logs. Raises ``HostError`` when a process does not end.
    """
    await _end(place)
    cgroups.remove(_group(place), cgroups.look())
    if not keep:
        await asyncio.to_thread(files.remove, place.root)


def limit(place: MachineLayout, limits: Limits) -> None:
    """Let the processes of a running machine use what its pod may use now; raises ``HostError``."""
    cgroups.adjust(_group(place), limits, cgroups.look())


async def open_serial(place: MachineLayout) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect to the guest's serial console; raises ``LauncherGone`` when nothing answers.

    QEMU serves one client at a time: a second one waits until the first has closed, so whoever
    wants to take over closes the first.
    """
    return await open_unix(place.serial)


async def open_usb(
    place: MachineLayout, channel: int
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect to a channel for a USB device, in usbredir's protocol; raises ``LauncherGone``."""
    return await open_unix(place.usb(channel))


async def open_vnc(place: MachineLayout) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect to the guest's screen, in the RFB protocol; raises ``LauncherGone``."""
    return await open_unix(place.vnc)


async def spawn_exec(
    place: MachineLayout, argv: Sequence[str], *, tty: bool = False, stdin: bool = True
) -> PodProcess:
    """Start a program in the pod: in its network, mounts, processes and host name.

    ``virsh`` is ours (see ``launcher.system.virsh``). Raises ``LauncherGone`` when the machine
    does not run.
    """
    pid = _pid(place)
    if pid is None:
        raise LauncherGone("the machine's pod has no processes any more")
    if argv[0] == "virsh":
        words = [sys.executable, "-P", "-m", "launcher", "virsh", str(place.root), *argv[1:]]
        return await podexec.start(words, podexec.environment(tty=tty), tty=tty, stdin=stdin)
    return await podexec.spawn(pid, argv, tty=tty, stdin=stdin)


async def dump_memory(place: MachineLayout, path: Path) -> None:
    """Write the memory of a running machine to a new file of the host, as an ELF core dump.

    The format is that of KubeVirt's memory dumps (virDomainCoreDumpWithFormat, memory only); the
    guest stands still until it is done, which takes about a second a gigabyte. The file is as
    large as the guest's memory and a little more. Raises ``LauncherGone``, ``HypervisorError`` and
    ``LauncherError``; nothing is left at ``path`` then.
    """
    await Control(place.control).request(Command.DUMP, path=str(path))


def _group(place: MachineLayout) -> str:
    """The name of the machine's control group; there may be two machines of the same guest."""
    name = place.root.name
    return name if name.startswith(f"{place.uid}.") else place.uid


def _facts(place: MachineLayout) -> HostFacts:
    return msgspec.json.decode(place.facts.read_bytes(), type=HostFacts)


def _pid(place: MachineLayout) -> int | None:
    """The pod's first process, if it is the one that the file means and still runs."""
    try:
        pid, started = (int(word) for word in place.pid.read_text().split())
    except (FileNotFoundError, ValueError):
        return None
    return pid if process.start_time(pid) == started else None


async def _end(place: MachineLayout) -> None:
    pid = _pid(place)
    if pid is None:
        return
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        if _pid(place) != pid:  # the handle may be another's, born in between
            return
        signal.pidfd_send_signal(handle, signal.SIGKILL)
        # The first process of a pid namespace ends last, after all others.
        await _readable(handle, 10.0)
    except ProcessLookupError:
        return
    except TimeoutError:
        raise HostError(f"process {pid} of the machine does not end") from None
    finally:
        os.close(handle)


async def _readable(fd: int, patience: float) -> None:
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(fd, ready.set)
    try:
        await asyncio.wait_for(ready.wait(), patience)
    finally:
        loop.remove_reader(fd)


def _start_failure(place: MachineLayout) -> LauncherError:
    state = last_state(place)
    said = state.error.message if state and state.error else _last_words(place)
    return HostError(f"the machine's launcher ended at once: {said}", f"see `{place.log}`")


def _last_words(place: MachineLayout) -> str:
    try:
        lines = place.log.read_text(errors="replace").strip().splitlines()
    except FileNotFoundError:
        lines = []
    return lines[-1] if lines else "it said nothing"


def _resolv_conf(spec: MachineSpec) -> str:
    search = [f"search {' '.join(spec.resolver.search)}"] if spec.resolver.search else []
    servers = [f"nameserver {server}" for server in spec.resolver.nameservers]
    return "\n".join((*search, *servers, "options ndots:5", ""))


def _hosts() -> str:
    return "127.0.0.1 localhost\n::1 localhost ip6-localhost\n"


# What only says what would be made is loaded by who asks for it: to run machines takes none of it,
# and a daemon that never renders keeps its memory small.


def supposed_pod(
    spec: MachineSpec, addresses: tuple[str, ...], gateways: tuple[str, ...]
) -> NetState:
    """A pod network as the CNI would make it, with the given addresses (CIDRs)."""
    from launcher.system import rendering

    return rendering.supposed_pod(spec, addresses, gateways)


def render_domain(spec: MachineSpec, facts: HostFacts, pod: NetState) -> str:
    """libvirt's XML. Raises ``SpecError``, and ``HostError`` when the pod lacks a link."""
    from launcher.system import rendering

    return rendering.render_domain(spec, facts, pod)


def render_network(spec: MachineSpec, pod: NetState) -> str:
    """Links, addresses, settings and filters of the pod. Raises as ``render_domain``."""
    from launcher.system import rendering

    return rendering.render_network(spec, pod)


def render_seeds(spec: MachineSpec) -> str:
    """The files of every cloud-init seed, each under a heading."""
    from launcher.system import rendering

    return rendering.render_seeds(spec)


def render_disks(spec: MachineSpec) -> str:
    """The commands that make the disks' files, one a line."""
    from launcher.system import rendering

    return rendering.render_disks(spec)
