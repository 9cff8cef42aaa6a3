"""Machines as hosts of ssh: what ``ssh-config`` and ``inventory`` share."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from virtctl.cli.logins import Wishes, alias_of
from virtctl.cli.options import Option
from virtctl.cli.session import Session
from virtctl.client.resources import list_all
from virtctl.models.documents import Document, name_of, namespace_of, strings, text
from virtctl.models.kinds import VIRTUAL_MACHINE, VIRTUAL_MACHINE_INSTANCE
from virtctl.streams.openssh import Login

User = Annotated[
    str, Option("--username", "-u", help="User to log in as; else ssh's choice.", metavar="USER")
]


class Machine(NamedTuple):
    """A machine; ``vm`` is None for an instance that has none, ``vmi`` for one that is off."""

    namespace: str
    name: str
    vm: Document | None
    vmi: Document | None

    @property
    def short(self) -> str:
        """``vm`` or ``vmi``."""
        return "vmi" if self.vm is None else "vm"

    @property
    def host(self) -> str:
        """The name that ssh is given, the same as ``virtctl ssh`` gives it."""
        return f"{self.short}.{self.name}.{self.namespace}"

    @property
    def labels(self) -> dict[str, str]:
        """Its labels."""
        return strings(self.vm or self.vmi or {}, "metadata", "labels")

    @property
    def phase(self) -> str:
        """How it is."""
        printed = text(self.vm or {}, "status", "printableStatus")
        return printed or text(self.vmi or {}, "status", "phase") or "Stopped"


def machines(session: Session, selector: str, *, everywhere: bool) -> list[Machine]:
    """All machines of the namespace or the cluster, by namespace and name."""
    namespace = "" if everywhere else session.namespace
    query = {"labelSelector": selector} if selector else {}
    vms = {
        (namespace_of(vm), name_of(vm)): vm
        for vm in list_all(session.rest, VIRTUAL_MACHINE, namespace, query)
    }
    vmis = {
        (namespace_of(vmi), name_of(vmi)): vmi
        for vmi in list_all(session.rest, VIRTUAL_MACHINE_INSTANCE, namespace)
    }
    chosen = set(vms)
    if not selector:
        chosen |= set(vmis)
    return [Machine(*key, vms.get(key), vmis.get(key)) for key in sorted(chosen)]


def login(session: Session, machine: Machine, wishes: Wishes, *, port: str = "") -> Login:
    """How ssh reaches ``machine`` from anywhere, whatever the current context is by then.

    The ProxyCommand ends with ``port`` when it is given, else it lacks the port.
    """
    target = f"{machine.short}/{machine.name}/{machine.namespace}"
    context = session.target.context if not session.flags.text("context") else ""
    words = [f"--context={context}"] if context else []
    argv = session.child_argv(
        *words, "port-forward", "--stdio=true", target, *([port] if port else [])
    )
    listed = session.child_environ().get("KUBECONFIG")
    if listed and not session.flags.text("kubeconfig"):
        argv = ["env", f"KUBECONFIG={listed}", *argv]
    known_hosts = session.env.path(wishes.known_hosts) if wishes.known_hosts else ""
    return Login(
        host=machine.host,
        user=wishes.username,
        proxy=argv,
        identity=session.env.path(wishes.identity) if wishes.identity else "",
        options=tuple(wishes.options),
        alias=alias_of(machine.vmi) if machine.vmi and known_hosts else "",
        known_hosts=known_hosts,
    )
