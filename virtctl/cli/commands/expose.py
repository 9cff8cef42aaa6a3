"""``expose``: a Service that leads to a machine."""

from __future__ import annotations

from typing import Annotated

from virtctl.cli.options import INT32, Argument, Option
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.cli.verbs import doing
from virtctl.client import resources
from virtctl.errors import UsageError
from virtctl.manifests.service import Wish, build, choices
from virtctl.models.kinds import (
    INSTANCE_REPLICA_SET,
    SERVICE,
    VIRTUAL_MACHINE,
    VIRTUAL_MACHINE_INSTANCE,
)

_KINDS = {
    word: kind
    for kind in (VIRTUAL_MACHINE, VIRTUAL_MACHINE_INSTANCE, INSTANCE_REPLICA_SET)
    for word in (*kind.short, kind.singular, kind.plural)
}


def run(
    session: Session,
    word: Annotated[str, Argument("TYPE", help="vm, vmi or vmirs.", complete="exposable")],
    name: Annotated[str, Argument("NAME", help="Its name.", complete="vm")],
    *,
    service: Annotated[str, Option("--name", help="Name of the Service.", required=True)] = "",
    port: Annotated[
        int,
        Option("--port", help="Port of the Service; else those it declares.", limits=INT32),
    ] = 0,
    target_port: Annotated[
        str, Option("--target-port", help="Number or name of the machine's port (the same).")
    ] = "",
    port_name: Annotated[str, Option("--port-name", help="Name of the Service's port.")] = "",
    protocol: Annotated[str, Option("--protocol", help="TCP or UDP.")] = "TCP",
    kind_of_service: Annotated[
        str, Option("--type", help="ClusterIP, NodePort or LoadBalancer.")
    ] = "ClusterIP",
    cluster_ip: Annotated[
        str, Option("--cluster-ip", help="Address in the cluster, or `None` for none.")
    ] = "",
    external_ip: Annotated[str, Option("--external-ip", help="Address outside of it.")] = "",
    ip_family: Annotated[
        str, Option("--ip-family", help="IPv4, IPv6, or both in order: IPv4,IPv6.")
    ] = "",
    ip_family_policy: Annotated[
        str,
        Option("--ip-family-policy", help="SingleStack, PreferDualStack or RequireDualStack."),
    ] = "",
) -> Outcome:
    """Make a Service that leads to a machine, or to the machines of a replica set."""
    kind = _KINDS.get(word.lower())
    if kind is None:
        raise UsageError(f"unsupported resource type `{word}`", "use vm, vmi or vmirs")
    wish = Wish(
        service, port, port_name, protocol, target_port, kind_of_service, cluster_ip, external_ip,
        ip_family, ip_family_policy,
    )  # fmt: skip
    chosen = choices(wish)
    with doing(f"cannot expose {word.lower()} {name}"):
        owner = resources.get(session.rest, kind, session.namespace, name)
        made = build(wish, chosen, kind, owner)
        resources.create(session.rest, SERVICE, session.namespace, made)
    return Outcome(f"Service {service} successfully created for {word.lower()} {name}")
