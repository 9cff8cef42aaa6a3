"""Make and remove the networks of an instance's nodes.

``host.json`` in the instance's directory is written before anything is changed. It has what we
changed of the host's settings, with the values from before, and the nodes that were made, so that
all can be removed by whoever finds it.
"""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import msgspec

from launcher.errors import HostError, LauncherError
from launcher.net import names, nodes
from launcher.net.cards import HostCard
from launcher.net.model import Sysctl
from launcher.net.nodes import HostNetwork, HostNode
from launcher.ops.links import AddNamespace, DeleteNamespace
from launcher.system import (
    attachment,
    cards,
    dhcpdaemon,
    files,
    namespaces,
    netcheck,
    netlink,
    nftables,
    nodeapply,
    observe,
    ovn,
    runner,
    sysctls,
)
from launcher.system.journal import Journal
from launcher.system.nodeobserve import NodePlace

_RUN = Path("/run")


class _Record(msgspec.Struct, frozen=True, kw_only=True):
    """``host.json``: what we changed on the host, and how it was.

    ``boot`` is the kernel's id of the boot in which we changed it: after another one the settings
    are the host's own again.
    """

    network: HostNetwork
    boot: str = ""
    settings: tuple[Sysctl, ...] = ()
    netns_directory: bool = False
    cards: tuple[HostCard, ...] = ()


def up(network: HostNetwork) -> None:
    """Make the nodes' networks, or complete them; nothing is done when all is there.

    A first call that fails leaves nothing behind. Raises ``PlanFailed``, ``VerifyFailed`` or
    another ``HostError``.
    """
    with _locked(network):
        old = _read_record(network)
        try:
            _up(network, old)
        except BaseException:
            if old is None:
                with contextlib.suppress(HostError):  # the first error is the one to tell
                    _down(network)
            raise


def down(network: HostNetwork) -> None:
    """Remove the networks of nodes and pods and put back what was changed on the host.

    Works after crashes, and any number of times. Everything is tried; raises ``HostError`` with
    what could not be done. Processes in a namespace keep it alive, so end them first.
    """
    with _locked(network):
        _down(network)


def leftovers(network: HostNetwork) -> tuple[str, ...]:
    """What of ours still exists on the host; empty after ``down``."""
    record = _read_record(network)
    known = _every_node(network, record)
    found = [f"network namespace {n.netns}" for n in known if namespaces.exists(n.netns)]
    fabric = names.fabric_netns(network.suffix)
    found += [f"network namespace {fabric}"] if namespaces.exists(fabric) else []
    found += [f"card {each.card.device} in {each.card.node}" for each in _cards_of(record)]
    for node in known:
        found += [f"network namespace {pod}" for pod in attachment.attached(network, node.name)]
    found += [f"{name} (process {pid})" for name, pid in ovn.processes(network).items()]
    prefix = names.node_uplink(0, network.suffix).removesuffix("0")
    found += [f"link {link.name}" for link in netlink.links() if link.name.startswith(prefix)]
    table = ("inet", names.host_table(network.suffix))
    if nftables.tables([table]):
        found.append(f"nft table {' '.join(table)}")
    found += [f"sysctl {s.key} (was {s.value})" for s in _settings_of(record)]
    return tuple(found)


def _up(network: HostNetwork, old: _Record | None) -> None:
    if old:
        kept = {node.netns for node in network.nodes}
        for node in old.network.nodes:
            if node.netns not in kept:
                _remove_node(old.network, node)
    if taken := netcheck.addresses_taken(network):
        raise HostError(taken.problem, taken.remedy)
    made = namespaces.prepare_directory()
    settings = _remember(network, _settings_of(old))
    record = _Record(
        network=network,
        boot=_boot(),
        settings=settings,
        netns_directory=made or (old is not None and old.netns_directory),
        cards=cards.remember(network, old.cards if old else ()),
    )
    files.write(_record_path(network), msgspec.json.format(msgspec.json.encode(record), indent=1))
    journal = Journal(Path(network.directory) / "nodes/journal.jsonl")
    files.remove(journal.path)  # an old one is of no use: what is there counts, not what was done
    for node in network.nodes:
        _make_namespace(node, journal)
    wanted = nodes.host_state(network)
    tables = [(table.family, table.name) for table in wanted.tables]
    keys = [setting.key for setting in wanted.sysctls]
    runner.apply("host", wanted, partial(observe.network, settings=keys, tables=tables), journal)
    keys = list(nodes.node_keys())
    for node in network.nodes:
        look = partial(observe.network, netns=node.netns, settings=keys, tables=())
        desired = nodes.node_state(network, node, look())
        runner.apply(f"node {node.name}", desired, look, journal, netns=node.netns)
    cards.join(network)
    cards.hand_over(network, record.cards)


def _make_namespace(node: HostNode, journal: Journal) -> None:
    if namespaces.exists(node.netns):
        with namespaces.in_netns(node.netns):
            if any(link.name == nodes.NODE_LINK for link in netlink.links()):
                return
    else:
        name = f"namespace {node.name}"
        ops = (AddNamespace(name=node.netns),)
        runner.run(name, ops, ((DeleteNamespace(name=node.netns),),), journal)
        journal.finish(name)
        with namespaces.in_netns(node.netns):
            # It counts for links made later, the one to the host among them.
            sysctls.write_if_other("net/ipv6/conf/default/accept_dad", "0")
    # The host's end of a link whose other end is in a namespace that lost its name is of no use.
    netlink.delete_link(node.uplink)


def _remember(network: HostNetwork, known: tuple[Sysctl, ...]) -> tuple[Sysctl, ...]:
    """The values of the host's settings from before we change them, or changed them."""
    found = {setting.key: setting for setting in known}
    for everywhere in nodes.forwarding_keys(network):
        value = sysctls.read(everywhere)
        if value in {None, "1"} or everywhere in found:
            continue
        found[everywhere] = Sysctl(key=everywhere, value=value or "")
        for key in sysctls.beside(everywhere):
            # Setting it for all links sets it for each one; remember those that differ.
            if (own := sysctls.read(key)) not in {None, value}:
                found[key] = Sysctl(key=key, value=own or "")
    return tuple(found.values())


def _down(network: HostNetwork) -> None:
    record = _read_record(network)
    table = names.host_table(network.suffix)
    actions: list[Callable[[], None]] = [
        partial(cards.give_back, record.network if record else network, _cards_of(record)),
        partial(ovn.end, network),
        *(partial(_remove_node, network, node) for node in _every_node(network, record)),
        partial(cards.part, network),
        partial(nftables.delete_table, "inet", table),
        partial(files.remove, Path(network.directory) / "nodes/journal.jsonl"),
        partial(_remove_if_empty, Path(network.directory) / "nodes"),
    ]
    if record:
        actions.append(partial(_restore, _settings_of(record)))
    if record and record.netns_directory:
        actions.append(namespaces.remove_directory)
    problems: list[str] = []
    for action in actions:
        try:
            action()
        except (LauncherError, OSError) as error:
            problems.append(str(error))
    if problems:
        raise HostError("the network was not removed completely: " + "; ".join(problems))
    files.remove(_record_path(network))


def _cards_of(record: _Record | None) -> tuple[HostCard, ...]:
    return record.cards if record and record.boot == _boot() else ()


def _settings_of(record: _Record | None) -> tuple[Sysctl, ...]:
    """The settings that we changed since the host started."""
    return record.settings if record and record.boot == _boot() else ()


def _boot() -> str:
    return sysctls.read("kernel/random/boot_id") or ""


def _restore(settings: tuple[Sysctl, ...]) -> None:
    """Put the host's settings back, or leave that to the last instance on this host."""
    left = _handed_over()
    found = {setting.key: setting for setting in (*settings, *_read_handed_over(left))}
    if any(name.startswith(names.host_table("")) for name in nftables.names("inet")):
        if settings:
            files.write(left, msgspec.json.encode(tuple(found.values())))
        return
    for setting in found.values():
        sysctls.write_if_other(setting.key, setting.value)
    files.remove(left)


def _handed_over() -> Path:
    """Where an instance that goes leaves the host's old settings while others still need ours.

    Settings are of a network namespace, and so is the file. Like them, it is gone after a reboot.
    """
    return Path(f"/run/virtctl-forwarding-{namespaces.identity()[1]}.json")


def _read_handed_over(path: Path) -> tuple[Sysctl, ...]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=tuple[Sysctl, ...])
    except (FileNotFoundError, msgspec.DecodeError):
        return ()


def _remove_node(network: HostNetwork, node: HostNode) -> None:
    failures = []
    for pod in attachment.attached(network, node.name):
        try:
            attachment.detach(_with(network, node), node.name, pod)
        except HostError as error:
            failures.append(str(error))
    home = Path(network.directory) / "nodes" / node.name
    try:
        ovn.end_node(network, node)
        nodeapply.end(NodePlace(node.netns, home))
    except HostError as error:
        failures.append(str(error))
    netlink.delete_link(node.uplink)
    dhcpdaemon.stop(home / "cni")
    namespaces.remove(node.netns)
    for part in ("pods", "links", "cni"):
        files.remove(home / part)
    _remove_if_empty(home)
    if failures:
        raise HostError("; ".join(failures))


def _with(network: HostNetwork, node: HostNode) -> HostNetwork:
    return msgspec.structs.replace(network, nodes=(node,))


def _every_node(network: HostNetwork, record: _Record | None) -> tuple[HostNode, ...]:
    recorded = record.network.nodes if record else ()
    return tuple({node.netns: node for node in (*recorded, *network.nodes)}.values())


def _record_path(network: HostNetwork) -> Path:
    return Path(network.directory) / "host.json"


def _read_record(network: HostNetwork) -> _Record | None:
    path = _record_path(network)
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Record)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError as error:
        raise HostError(f"`{path}` cannot be read: {error}") from error


def _remove_if_empty(path: Path) -> None:
    try:
        path.rmdir()
    except OSError as error:
        if error.errno not in {errno.ENOENT, errno.ENOTEMPTY}:
            raise


@contextlib.contextmanager
def _locked(network: HostNetwork) -> Iterator[None]:
    """One at a time: of this instance, and of all on this host, which share its addresses."""
    directory = Path(network.directory)
    files.make_directory(directory)
    with files.lock(directory), files.lock(_RUN):
        yield
