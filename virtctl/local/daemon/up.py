"""``local up``: from nothing, from a stopped instance, or from a running one, to a ready one."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from virtctl.errors import LocalError, UsageError
from virtctl.local import pki
from virtctl.local.config import LocalConfig
from virtctl.local.daemon import directory, process
from virtctl.local.daemon.process import DaemonProcess
from virtctl.local.daemon.starting import Start
from virtctl.local.layout import InstanceLayout
from virtctl.local.networks.servernames import server_names

MOST_NODES = 16
_LONGEST_SOCKET = 107  # bytes in sockaddr_un (unix(7))
_LOOK_AGAIN = 0.1
_TRIES = 3
_OUR_NUMBERS = frozenset(str(number) for number in range(244, 254))

Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What the command line asked for; empty means "as it was, or the default"."""

    version: str
    listen: str = ""
    nodes: int | None = None
    pod_cidr: str = ""
    pod_cidr6: str = ""
    emulation: str = ""
    fabric: str = ""
    nics: tuple[str, ...] = ()
    audit_log: str = ""


@dataclass(frozen=True)
class Up:
    """A ready instance. ``fresh`` tells whether this call started it."""

    process: DaemonProcess
    config: LocalConfig
    fresh: bool
    notes: tuple[str, ...] = ()


def up(layout: InstanceLayout, wishes: Wishes, start: Start, say: Say) -> Up:
    """Bring the instance up by ``start``; nothing happens when it runs as wished.

    Waits while somebody else starts or stops it. A first start that fails leaves nothing but its
    log behind. Raises ``LocalError`` when it cannot: not root, something missing on the host,
    another version or other settings running, a taken address, a directory that is not ours.
    """
    if os.geteuid() != 0:
        raise LocalError(
            "`local up` makes network namespaces and runs guests, which takes root",
            "run it with sudo",
        )
    directory.check_usable(layout)
    _check_length(layout)
    made = not layout.root.exists()
    layout.root.mkdir(parents=True, exist_ok=True, mode=0o755)
    with _turn(layout, say):
        kept = process.read_config(layout)
        try:
            return _up(layout, kept, wishes, start)
        except BaseException:
            if kept is None:
                _take_back(layout, made=made)
            raise


def _turn(layout: InstanceLayout, say: Say) -> directory.Turn:
    told = False
    while (turn := directory.take_turn(layout)) is None:
        if not told:
            say(f"waiting for another `local up` or `local down` of {layout.root}")
            told = True
        time.sleep(_LOOK_AGAIN)
    return turn


def _up(
    layout: InstanceLayout,
    kept: LocalConfig | None,
    wishes: Wishes,
    start: Start,
) -> Up:
    running = process.find(layout)
    if running is not None:
        config = wanted_config(kept or fresh_config(), wishes)
        _refuse_differences(running, kept or config, config)
        return Up(running, config, fresh=False)
    start.load()
    config = wanted_config(kept or fresh_config(), wishes)
    _refuse_removal(layout, kept or config, config)
    process.check_listen(config.listen)
    for _ in range(_TRIES - 1):
        config = _with_free_networks(layout, config, wishes)
        try:
            return _begin(layout, config, start)
        except LocalError:
            # Another instance may have taken the same networks in the meantime.
            if _with_free_networks(layout, config, wishes) == config:
                raise
    return _begin(layout, config, start)


def _begin(layout: InstanceLayout, config: LocalConfig, start: Start) -> Up:
    _preflight(layout, config)
    process.write_config(layout, config)
    # Here, so that the daemon need not load for good what makes certificates once; it would make
    # them, too, and says what is wrong when nobody can.
    with contextlib.suppress(OSError, ValueError):
        pki.ensure(layout.pki, server_names(config))
    return Up(start.begin(), config, fresh=True)


def _with_free_networks(layout: InstanceLayout, config: LocalConfig, wishes: Wishes) -> LocalConfig:
    """Other pod networks where somebody else has taken ours, unless they were asked for.

    While the instance is down nobody holds an address of them.
    """
    from virtctl.local.node import networks

    asked = wishes.pod_cidr or wishes.pod_cidr6 or not _is_our_choice(config)
    if asked or not networks.taken(layout, config):
        return config
    fresh = fresh_config()
    return msgspec.structs.replace(config, pod_cidr=fresh.pod_cidr, pod_cidr6=fresh.pod_cidr6)


def _is_our_choice(config: LocalConfig) -> bool:
    """Whether the pod networks look like those that are chosen when nobody asks for others."""
    number = config.pod_cidr.removeprefix("10.").removesuffix(".0.0/16")
    return number in _OUR_NUMBERS and config.pod_cidr6 == f"fd10:{number}::/48"


def _take_back(layout: InstanceLayout, *, made: bool) -> None:
    """Undo a first start that failed; what went wrong first is what is told."""
    from virtctl.local.node import teardown

    config = directory.known_config(layout)
    with contextlib.suppress(LocalError, OSError):
        teardown.undo_host(layout, config)
    if not teardown.leftovers(layout, config):
        directory.forget_failed(layout, made=made)


def _check_length(layout: InstanceLayout) -> None:
    length = len(os.fsencode(layout.socket))
    if length > _LONGEST_SOCKET:
        raise LocalError(
            f"`{layout.root}` is too long a name: the API's socket in it would have {length} "
            f"bytes, and {_LONGEST_SOCKET} are possible",
            "choose a shorter one with `--dir`",
        )


def fresh_config() -> LocalConfig:
    """A new instance's configuration: pod networks that this host does not route yet."""
    from virtctl.local.node.networks import free_cidrs

    four, six = free_cidrs()
    return LocalConfig(pod_cidr=four, pod_cidr6=six)


def wanted_config(config: LocalConfig, wishes: Wishes) -> LocalConfig:
    """A configuration with the wishes on top. Raises ``UsageError`` naming the flag."""
    nodes = wishes.nodes if wishes.nodes is not None else len(config.node_names)
    if not 1 <= nodes <= MOST_NODES:
        raise UsageError(f"`--nodes` must be from 1 to {MOST_NODES}; got `{nodes}`")
    listen = wishes.listen or config.listen
    process.split_address(listen)
    return msgspec.structs.replace(
        config,
        listen=listen,
        nodes=nodes,
        node_names=tuple(f"node{number}" for number in range(1, nodes + 1)),
        pod_cidr=wishes.pod_cidr or config.pod_cidr,
        pod_cidr6=wishes.pod_cidr6 or config.pod_cidr6,
        emulation=wishes.emulation or config.emulation,
        fabric=_words(wishes.fabric) if wishes.fabric else config.fabric,
        nics=tuple(word for each in wishes.nics for word in _words(each)) or config.nics,
        audit_log=_audit_log(wishes.audit_log, config.audit_log),
        version=wishes.version,
    )


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _audit_log(wished: str, before: str) -> str:
    """``none`` ends what was asked for before."""
    return "" if wished == "none" else wished or before


def _preflight(layout: InstanceLayout, config: LocalConfig) -> None:
    """Refuse before anything is made what would fail half-way."""
    from virtctl.local.node import examination

    failed = examination.missing_for_start(layout, config)
    if failed:
        name, _, said, remedy = failed[0]
        if name == "addresses":
            remedy = "choose others with `--pod-cidr` and `--pod-cidr6`, or stop what uses them"
        more = f" (and {len(failed) - 1} more, see `virtctl local doctor`)" if failed[1:] else ""
        raise LocalError(f"{name}: {said}{more}", remedy or None)


def _refuse_removal(layout: InstanceLayout, kept: LocalConfig, wanted: LocalConfig) -> None:
    """A node with guests of a killed daemon cannot be taken away from under them."""
    from virtctl.local.node import ondisk

    running = [each.title for each in ondisk.machines(layout) if each.alive]
    if running and set(kept.node_names) - set(wanted.node_names):
        raise LocalError(
            f"`--nodes` cannot become less while guests run: {', '.join(running)}",
            "shut them down with `virtctl local down` first; objects and disks are kept",
        )


def _shown(value: object) -> str:
    """A setting as its flag takes it."""
    return (",".join(map(str, value)) if isinstance(value, tuple) else str(value)) or "none"


def _refuse_differences(running: DaemonProcess, kept: LocalConfig, wanted: LocalConfig) -> None:
    if running.version != wanted.version:
        raise LocalError(
            f"the running control plane is version {running.version}, "
            f"this virtctl is version {wanted.version}",
            "stop it with `virtctl local down`, then start it again; objects and disks are kept",
        )
    names = {
        "listen": "--listen",
        "nodes": "--nodes",
        "pod_cidr": "--pod-cidr",
        "pod_cidr6": "--pod-cidr6",
        "emulation": "--emulation",
        "fabric": "--fabric",
        "nics": "--nic",
        "audit_log": "--audit-log",
    }
    for field, flag in names.items():
        before, after = getattr(kept, field), getattr(wanted, field)
        if before != after:
            raise LocalError(
                f"the control plane runs with `{flag}` {_shown(before)}, not {_shown(after)}",
                "stop it with `virtctl local down` first; objects and disks are kept",
            )
