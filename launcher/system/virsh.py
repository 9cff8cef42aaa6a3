"""``virsh`` in a machine's pod: the few commands that look at the domain.

The machine's libvirt is part of its launcher, without a socket that the real ``virsh`` could
connect to. What is run in the pod under its name is answered by the launcher instead.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from launcher import spec as specs
from launcher import state as states
from launcher.errors import LauncherError
from launcher.layout import MachineLayout
from launcher.state import Stage
from launcher.system.control import Command, Control

if TYPE_CHECKING:
    from launcher.state import MachineState

_VALUED = frozenset({"-c", "--connect"})
_STATES = {
    Stage.PAUSED: "paused",
    Stage.SHUTTING_DOWN: "in shutdown",
}


def main(directory: Path, words: Sequence[str]) -> int:
    """Answer ``virsh WORDS`` about the machine of ``directory``; returns the exit code."""
    command, names = _read(words)
    try:
        print(asyncio.run(answer(_place(directory), command, names)))  # noqa: T201
    except LauncherError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


def _place(directory: Path) -> MachineLayout:
    spec = specs.decode((directory / "spec.json").read_bytes())
    return MachineLayout(root=directory, uid=spec.uid, caps_cache=directory / "cache")


def _read(words: Sequence[str]) -> tuple[str, list[str]]:
    """The command and the domains that it names; options have no say in the answers."""
    given = iter(words)
    plain = []
    for word in given:
        if word in _VALUED:
            next(given, None)
        elif not word.startswith("-"):
            plain.append(word)
    return (plain[0] if plain else ""), plain[1:]


async def answer(place: MachineLayout, command: str, names: Sequence[str]) -> str:
    """What the command prints. Raises ``LauncherError``."""
    if command not in {"dumpxml", "domstate", "list"}:
        raise LauncherError(f"`virsh {command}` is not served in a machine's pod")
    xml = str(await Control(place.control).request(Command.DOMAIN))
    name = _check(xml, names)
    if command == "dumpxml":
        return xml
    return name if command == "list" else state_of(states.decode(place.state.read_bytes()))


def _check(xml: str, names: Sequence[str]) -> str:
    """The domain's name. Raises ``LauncherError`` when another is meant."""
    domain = ET.fromstring(xml)  # noqa: S314 - libvirt's own
    name = domain.findtext("name", "")
    known = {name, domain.findtext("uuid", ""), domain.get("id", "")}
    for one in names:
        if one not in known:
            raise LauncherError(f"failed to get domain '{one}'")
    return name


def state_of(state: MachineState) -> str:
    """The state of a domain that is there, in ``virsh``'s words."""
    return _STATES.get(state.stage, "running")
