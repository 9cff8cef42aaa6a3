"""Carry out one op, in this thread's network namespace."""

from __future__ import annotations

from pathlib import Path
from typing import assert_never

from launcher.net.model import Address, Route
from launcher.ops.base import Op
from launcher.ops.files import FileOp, MakeDirectory, RemovePath, WriteFile
from launcher.ops.filters import DeleteTable, FilterOp, SetTable
from launcher.ops.known import KnownOp
from launcher.ops.links import (
    AddAddress,
    AddLink,
    AddNamespace,
    AddRoute,
    DeleteAddress,
    DeleteLink,
    DeleteNamespace,
    DeleteRoute,
    LinkOp,
    RenameLink,
    SetLearning,
    SetMac,
    SetMaster,
    SetMtu,
    SetSysctl,
    SetUp,
)
from launcher.system import files, namespaces, netlink, nftables, sysctls, taps


def perform(op: Op) -> None:
    """Carry out an op; raises ``HostError``, or ``TypeError`` for an op of a family not ours."""
    if not isinstance(op, KnownOp):
        raise TypeError(f"no way to carry out `{op.describe()}`")
    match op:
        case SetTable() | DeleteTable():
            _filter(op)
        case MakeDirectory() | WriteFile() | RemovePath():
            _file(op)
        case _:
            _link(op)


def _file(op: FileOp) -> None:
    match op:
        case MakeDirectory():
            files.make_directory(Path(op.path), mode=op.mode)
        case WriteFile():
            files.write(Path(op.path), op.content, mode=op.mode)
        case RemovePath():
            files.remove(Path(op.path))
        case _:
            assert_never(op)


def _filter(op: FilterOp) -> None:
    match op:
        case SetTable():
            nftables.apply(op.ruleset)
        case DeleteTable():
            nftables.delete_table(op.family, op.name)
        case _:
            assert_never(op)


def _link(op: LinkOp) -> None:  # noqa: C901, PLR0912 - one line for each op
    match op:
        case AddNamespace():
            namespaces.create(op.name)
        case DeleteNamespace():
            namespaces.remove(op.name)
        case AddLink():
            _add_link(op)
        case DeleteLink():
            netlink.delete_link(op.name)
        case RenameLink():
            netlink.rename_link(op.name, op.to)
        case SetLearning():
            netlink.set_learning(op.name, on=op.on)
        case SetMac():
            netlink.change_link(op.name, mac=op.mac)
        case SetMtu():
            netlink.change_link(op.name, mtu=op.mtu)
        case SetMaster():
            netlink.change_link(op.name, master=op.master)
        case SetUp():
            netlink.change_link(op.name, up=op.up)
        case AddAddress():
            netlink.add_address(op.link, Address.parse(op.address))
        case DeleteAddress():
            netlink.delete_address(op.link, Address.parse(op.address))
        case AddRoute():
            netlink.add_route(_route(op))
        case DeleteRoute():
            netlink.delete_route(_route(op))
        case SetSysctl():
            sysctls.write(op.key, op.value)
        case _:
            assert_never(op)


def _add_link(op: AddLink) -> None:
    if op.kind == "tap":
        taps.create(op.name, owner=op.owner, queues=op.queues)
    else:
        netlink.add_link(op.name, op.kind, mac=op.mac, peer=op.peer, peer_netns=op.peer_netns)


def _route(op: AddRoute | DeleteRoute) -> Route:
    return Route(destination=op.destination, device=op.device, gateway=op.gateway)
