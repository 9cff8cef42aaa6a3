"""The daemon's log by component: users say ``virt-api``, the log names modules."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from virtctl.errors import LocalError
from virtctl.local.daemon.process import last_lines

COMPONENTS: dict[str, tuple[str, ...]] = {
    "daemon": ("daemon",),
    "virt-api": (
        "virtctl.local.http",
        "virtctl.local.api",
        "virtctl.local.controllers.clusterservice",
        "uvicorn",
    ),
    "virt-controller": ("virtctl.local.controllers", "virtctl.local.runtime"),
    "virt-exportproxy": ("virtctl.local.node.exports",),
    "virt-handler": ("virtctl.local.node", "virtctl.local.images"),
    "virt-operator": (
        "virtctl.local.controllers.kubevirt",
        "virtctl.local.controllers.components",
        "virtctl.local.controllers.definitions",
        "virtctl.local.controllers.roles",
        "virtctl.local.controllers.shipped",
        "virtctl.local.controllers.verbosity",
        "virtctl.local.controllers.workloads",
    ),
    "hco-operator": ("virtctl.local.controllers.hyperconverged",),
    "hco-webhook": ("virtctl.local.api",),
    "ssp-operator": (
        "virtctl.local.controllers.shipped",
        "virtctl.local.controllers.template",
    ),
    "virt-template-validator": ("virtctl.local.api",),
    "aaq-operator": (
        "virtctl.local.api.quotas",
        "virtctl.local.controllers.quota",
        "virtctl.local.controllers.awarequota",
    ),
    "mtq-operator": ("virtctl.local.api.quotas", "virtctl.local.controllers.migrationquota"),
    "kubemacpool-mac-controller-manager": ("virtctl.local.api",),
    "kubemacpool-cert-manager": ("daemon",),
    "cluster-network-addons-operator": ("daemon",),
    "kube-cni-linux-bridge-plugin": ("virtctl.local.node",),
    "bridge-marker": ("virtctl.local.node",),
    "nmstate-handler": (
        "virtctl.local.node.nodenetworks",
        "virtctl.local.controllers.nodenetwork",
    ),
    "ovnkube-control-plane": (
        "virtctl.local.node.overlays",
        "virtctl.local.controllers.usernetworks",
    ),
    "cdi-operator": ("virtctl.local.controllers.cdi.installation",),
    "cdi-apiserver": ("virtctl.local.http", "virtctl.local.api"),
    "cdi-uploadproxy": ("virtctl.local.node.uploads",),
    "cdi-deployment": (
        "virtctl.local.controllers.cdi",
        "virtctl.local.node.fillings",
        "virtctl.local.node.polling",
        "virtctl.local.imports",
    ),
    "hostpath-provisioner-operator": (
        "virtctl.local.controllers.claims",
        "virtctl.local.node.growth",
        "virtctl.local.node.snapshots",
    ),
}
"""Components, as ``local status`` shows them, and the modules that do their jobs."""

_LOOK_AGAIN = 0.2
_BLOCK = 65536


def modules_of(what: str) -> tuple[str, ...]:
    """The modules that a component, a component's pod, or a module's own name stands for.

    Raises ``LocalError`` with the components there are.
    """
    if what.startswith("virtctl.") or what in COMPONENTS:
        return COMPONENTS.get(what, (what,))
    for name, modules in COMPONENTS.items():
        if what.startswith(f"{name}-"):  # its pod
            return modules
    raise LocalError(
        f"there is no component `{what}`",
        f"choose one of {', '.join(COMPONENTS)}, or vm/NAME for a machine",
    )


class Filter:
    """Tells line by line what belongs to some modules; all does when there are none.

    Lines are "TIME LEVEL MODULE MESSAGE"; those that are not continue the one before.
    """

    def __init__(self, modules: tuple[str, ...] = ()) -> None:
        self._modules = modules
        self._belongs = not modules

    def __call__(self, line: str) -> bool:
        """Whether the next line belongs."""
        words = line.split(" ", 3)
        if self._modules and len(words) > 2 and words[0].endswith("Z") and words[1].isupper():
            module = f"{words[2]}."
            self._belongs = any(module.startswith(f"{each}.") for each in self._modules)
        return self._belongs


def last(path: Path, count: int, belongs: Filter) -> list[str]:
    """The last ``count`` lines of a log that belong; those before it was rotated, too."""
    if count < 1:
        return []
    older = path.with_name(f"{path.name}.1")
    wanted = count
    while True:
        lines = last_lines(path, wanted)
        if len(lines) < wanted:
            lines = last_lines(older, wanted - len(lines)) + lines
        found = [line for line in lines if belongs(line)]
        if len(found) >= count or len(lines) < wanted:
            return found[-count:]
        wanted *= 8


def follow(path: Path, position: int, again: Callable[[], None] | None = None) -> Iterator[str]:
    """Lines of a log from ``position`` in bytes on, for ever; a replaced file is read anew.

    ``again`` waits between two looks.
    """
    wait = again or (lambda: time.sleep(_LOOK_AGAIN))
    rest = b""
    file = path.open("rb")
    try:
        file.seek(position)
        while True:
            chunk = file.read(_BLOCK)
            if chunk:
                *whole, rest = (rest + chunk).split(b"\n")
                yield from (line.decode(errors="replace") for line in whole)
                continue
            wait()
            if _is_other(path, file):
                file.close()
                file = path.open("rb")
                rest = b""
    finally:
        file.close()


def _is_other(path: Path, file: BinaryIO) -> bool:
    """Whether the path names another file now, or one that was cut."""
    try:
        now = path.stat()
    except FileNotFoundError:
        return False  # it may come back
    return not os.path.samestat(now, os.fstat(file.fileno())) or now.st_size < file.tell()
