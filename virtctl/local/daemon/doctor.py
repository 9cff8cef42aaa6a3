"""``local doctor``: what would keep the control plane or its guests from working here."""

from __future__ import annotations

from dataclasses import dataclass

from virtctl.errors import LocalError
from virtctl.local.config import LocalConfig
from virtctl.local.daemon import directory, process
from virtctl.local.daemon.up import fresh_config
from virtctl.local.layout import InstanceLayout
from virtctl.models.documents import Document


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. ``level`` is ok, warn (works, but), or fail."""

    name: str
    level: str
    said: str
    remedy: str = ""

    def document(self) -> Document:
        """As JSON."""
        return {"name": self.name, "level": self.level, "said": self.said, "remedy": self.remedy}


def examine(layout: InstanceLayout) -> list[Finding]:
    """Look at everything; takes well under a second and changes nothing.

    Where there is no instance yet, what one would be made with is looked at.
    """
    from virtctl.local.node import examination

    first, config = _directory(layout)
    findings = [
        Finding(name, level, said, remedy)
        for name, level, said, remedy in examination.look(layout, config)
    ]
    return [first, *findings, _address(layout, config)]


def _directory(layout: InstanceLayout) -> tuple[Finding, LocalConfig]:
    """What is to be said of the directory, and the configuration to look with."""
    name = "directory"
    try:
        directory.check_usable(layout)
        kept = process.read_config(layout)
    except LocalError as error:
        return Finding(name, "fail", str(error), error.hint or ""), LocalConfig()
    if kept is not None:
        return Finding(name, "ok", f"{layout.root} holds an instance"), kept
    try:
        return Finding(name, "ok", f"{layout.root} is free for an instance"), fresh_config()
    except LocalError as error:
        return Finding("pod network", "fail", str(error), error.hint or ""), LocalConfig()


def _address(layout: InstanceLayout, config: LocalConfig) -> Finding:
    if process.find(layout) is not None:
        return Finding("API address", "ok", f"{config.listen}, served by this instance")
    try:
        process.check_listen(config.listen)
    except LocalError as error:
        return Finding("API address", "fail", str(error), error.hint or "")
    return Finding("API address", "ok", f"{config.listen} is free")
