"""The ``launcher`` command: thin, for people who look into one machine.

The rest of the product goes through ``launcher.lifecycle``. ``run`` is not here: it is the pod's
first process, which must not load a command line (see ``launcher.__main__``).
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from launcher import lifecycle
from launcher import spec as specs
from launcher import state as states
from launcher.errors import LauncherError
from launcher.layout import MachineLayout

app = typer.Typer(
    help="Look into the machine of a directory.", rich_markup_mode=None, no_args_is_help=True
)

Directory = Annotated[Path, typer.Argument(help="directory of the machine")]


def main() -> None:
    """Run the command line."""
    try:
        app(prog_name="launcher")
    except LauncherError as error:
        typer.echo(f"error: {error}", err=True)
        if error.hint:
            typer.echo(f"hint: {error.hint}", err=True)
        raise SystemExit(1) from None


@app.command()
def plan(directory: Directory) -> None:
    """Print the domain that would be defined, in a pod like any other."""
    spec = specs.decode((directory / "spec.json").read_bytes())
    pod = lifecycle.supposed_pod(spec, ("10.244.1.2/24",), ("10.244.1.1",))
    typer.echo(lifecycle.render_domain(spec, lifecycle.observe_facts(), pod), nl=False)


@app.command()
def status(directory: Directory) -> None:
    """Print the last state, and whether the machine's processes live."""
    place = _place(directory)
    state = lifecycle.last_state(place)
    alive = "alive" if lifecycle.is_alive(place) else "ended"
    typer.echo(states.encode(state).decode() if state else "{}")
    typer.echo(f"the launcher has {alive}" if alive == "ended" else "the launcher is alive")


@app.command()
def ask(directory: Directory, command: lifecycle.Command) -> None:
    """Send a command to the control socket and print the answer."""
    typer.echo(str(asyncio.run(_ask(_place(directory), command))))


@app.command()
def down(directory: Directory) -> None:
    """End the machine at once and remove its directory."""
    asyncio.run(lifecycle.destroy(_place(directory)))


async def _ask(place: MachineLayout, command: lifecycle.Command) -> object:
    control = await lifecycle.connect(place)
    return await control.request(command)


def _place(directory: Path) -> MachineLayout:
    spec = specs.decode((directory / "spec.json").read_bytes())
    return MachineLayout(root=directory, uid=spec.uid, caps_cache=directory / "cache")
