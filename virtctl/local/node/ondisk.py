"""Machines as their directories tell of them; neither daemon nor API is needed."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

import msgspec

from launcher import lifecycle
from launcher import spec as specs
from launcher.errors import LauncherError
from launcher.layout import MachineLayout
from launcher.spec import MachineSpec
from virtctl.local.layout import InstanceLayout


@dataclass(frozen=True)
class KeptMachine:
    """A machine that has a directory. ``grace`` is its own, in seconds.

    ``namespace`` is empty, and ``name`` the machine's uid, when the directory is damaged.
    """

    place: MachineLayout
    namespace: str
    name: str
    grace: float

    @property
    def title(self) -> str:
        """How people call it."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name

    @property
    def alive(self) -> bool:
        """Whether its processes run."""
        return lifecycle.is_alive(self.place)


def machines(layout: InstanceLayout) -> list[KeptMachine]:
    """All machines that have a directory."""
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        return [_kept(layout, path) for path in sorted((layout.root / "vms").iterdir())]
    return []


def find(layout: InstanceLayout, namespace: str, name: str) -> KeptMachine | None:
    """The machine of this name; the one that runs when there are several."""
    named = [each for each in machines(layout) if (each.namespace, each.name) == (namespace, name)]
    return next((each for each in named if each.alive), named[-1] if named else None)


def place_of(layout: InstanceLayout, machine: str) -> MachineLayout:
    """Where a machine is; ``machine`` is its VMI's uid, and its pod's after a dot when the guest
    was to come from another pod.
    """
    uid = machine.partition(".")[0]
    return MachineLayout(root=layout.machine(machine), uid=uid, caps_cache=layout.caps_cache)


def guest_place(layout: InstanceLayout, uid: str) -> MachineLayout:
    """Where the guest of a VMI's uid is: in the machine that it came to last, if there is one."""
    came: list[tuple[float, str]] = []
    for path in layout.machine(uid).parent.glob(f"{uid}.*"):
        with contextlib.suppress(LauncherError, OSError):
            state = lifecycle.last_state(place_of(layout, path.name))
            if state is not None and state.came:
                came.append((state.came, path.name))
    return place_of(layout, max(came)[1] if came else uid)


def _kept(layout: InstanceLayout, path: Path) -> KeptMachine:
    place = place_of(layout, path.name)
    spec = _spec(place)
    if spec is None:
        return KeptMachine(place, "", place.uid, 0.0)
    return KeptMachine(place, spec.namespace, spec.name, float(spec.grace_period_seconds))


def _spec(place: MachineLayout) -> MachineSpec | None:
    try:
        return specs.decode(place.spec.read_bytes())
    except (OSError, msgspec.DecodeError):
        return None
