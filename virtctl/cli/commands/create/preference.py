"""``create preference``: a preference from flags, printed or sent."""

from __future__ import annotations

from typing import Annotated

from virtctl.cli.making import Apply, MadeOutput, finish, suffix
from virtctl.cli.options import Option
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.manifests.instancetype import TOPOLOGIES, Place, Taste, preference


def run(
    session: Session,
    *,
    name: Annotated[str | None, Option("--name", help="Name; a random one by default.")] = None,
    namespaced: Annotated[
        bool, Option("--namespaced", help="Make it for one namespace, not for the cluster.")
    ] = False,
    cpu_topology: Annotated[
        str | None,
        Option("--cpu-topology", help=f"How virtual CPUs are shown: {', '.join(TOPOLOGIES)}."),
    ] = None,
    machine_type: Annotated[
        str | None, Option("--machine-type", help="Machine type, as in `q35`.")
    ] = None,
    volume_storage_class: Annotated[
        str | None,
        Option(
            "--volume-storage-class",
            help="Storage class of volumes that name none.",
            complete="storage-class",
        ),
    ] = None,
    apply: Apply = False,
    output: MadeOutput = "yaml",
) -> Outcome:
    """Print a preference made from flags; with --apply, create it.

    It belongs to the cluster unless --namespaced or --namespace is given.
    """
    place = Place(name, namespaced, session.given_namespace)
    taste = Taste(cpu_topology, machine_type, volume_storage_class)
    made = preference(place, taste, lambda: suffix(session))
    return finish(session, made, output, apply=apply)
