"""How much the daemon logs, as the KubeVirt object says, at once and without a restart.

``developerConfiguration.logVerbosity`` has a number for each component; the daemon's modules that
do a component's job follow it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from virtctl.local.api.service import ApiService
from virtctl.local.runtime.clock import Clock
from virtctl.local.runtime.informer import Informer, Seen
from virtctl.models.documents import Document, child, integer
from virtctl.models.kinds import KUBEVIRT

DEFAULT = 2
"""KubeVirt's own verbosity when nothing is said."""

_CHATTY = 4
_LOGGERS = {
    "virtAPI": ("virtctl.local.api", "virtctl.local.http"),
    "virtController": ("virtctl.local.controllers", "virtctl.local.runtime"),
    "virtHandler": ("virtctl.local.node", "launcher"),
    "virtOperator": (
        "virtctl.local.controllers.kubevirt",
        "virtctl.local.controllers.components",
        "virtctl.local.controllers.workloads",
    ),
}


def set_level(logger: str, level: int) -> None:
    """Let ``logger`` say what is of ``level`` or above."""
    logging.getLogger(logger).setLevel(level)


class VerbosityController:
    """Sets levels by ``apply``, which takes a logger's name and a level."""

    name = "verbosity"

    def __init__(self, apply: Callable[[str, int], None] = set_level) -> None:
        self._apply = apply

    async def run(self, service: ApiService, clock: Clock) -> None:
        """Run until cancelled."""
        del clock
        await Informer(service, KUBEVIRT, self._changed).run()

    def _changed(self, seen: Seen) -> None:
        configuration = child(seen.new or {}, "spec", "configuration")
        for logger, level in levels(configuration).items():
            self._apply(logger, level)


def levels(configuration: Document) -> dict[str, int]:
    """The level of each logger."""
    wanted = child(configuration, "developerConfiguration", "logVerbosity")
    return {
        logger: level_of(integer(wanted, component) or DEFAULT)
        for component, loggers in _LOGGERS.items()
        for logger in loggers
    }


def level_of(verbosity: int) -> int:
    """The level of a verbosity from 1 to 9; at 4 and above details are told."""
    return logging.DEBUG if verbosity >= _CHATTY else logging.INFO
