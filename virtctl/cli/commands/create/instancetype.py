"""``create instancetype``: an instancetype from flags, printed or sent."""

from __future__ import annotations

from typing import Annotated

from virtctl.cli.making import Apply, MadeOutput, finish, suffix
from virtctl.cli.options import UINT32, Option
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.manifests.instancetype import Place, Size, instancetype


def run(
    session: Session,
    *,
    name: Annotated[str | None, Option("--name", help="Name; a random one by default.")] = None,
    cpu: Annotated[
        int, Option("--cpu", help="Virtual CPUs of the guest.", required=True, limits=UINT32)
    ] = 0,
    memory: Annotated[
        str, Option("--memory", help="Memory of the guest.", required=True, metavar="QUANTITY")
    ] = "",
    namespaced: Annotated[
        bool, Option("--namespaced", help="Make it for one namespace, not for the cluster.")
    ] = False,
    gpu: Annotated[
        list[str], Option("--gpu", help="name:N,devicename:RESOURCE.", metavar="PARAMS")
    ] = [],  # noqa: B006 - never changed
    hostdevice: Annotated[
        list[str], Option("--hostdevice", help="name:N,devicename:RESOURCE.", metavar="PARAMS")
    ] = [],  # noqa: B006 - never changed
    iothreadspolicy: Annotated[
        str | None, Option("--iothreadspolicy", help="I/O threads of disks: auto or shared.")
    ] = None,
    apply: Apply = False,
    output: MadeOutput = "yaml",
) -> Outcome:
    """Print an instancetype made from flags; with --apply, create it.

    It belongs to the cluster unless --namespaced or --namespace is given.
    """
    place = Place(name, namespaced, session.given_namespace)
    size = Size(cpu, memory, {"gpu": gpu, "hostdevice": hostdevice}, iothreadspolicy)
    made = instancetype(place, size, lambda: suffix(session))
    return finish(session, made, output, apply=apply)
