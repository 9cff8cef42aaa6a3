"""What ``net attach`` and ``net detach`` share: the forecast, and the patch."""

from __future__ import annotations

from virtctl.cli import netpaths
from virtctl.cli.netpaths import Machine
from virtctl.cli.session import Session
from virtctl.client import resources
from virtctl.errors import ApiError, NotFound
from virtctl.models.documents import Document, child, text
from virtctl.models.kinds import KUBEVIRT, VIRTUAL_MACHINE
from virtctl.output.networks.forecast import Forecast, forecast
from virtctl.output.networks.path import plugin_of


def found_machine(session: Session, name: str) -> tuple[Document, Machine]:
    """A VirtualMachine, and what is known of its instance. Raises ``NotFound``."""
    vm = resources.find(session.rest, VIRTUAL_MACHINE, session.namespace, name)
    if vm is None:
        raise NotFound(f"there is no VM {name} in namespace {session.namespace}")
    return vm, netpaths.machine(session, f"vm/{name}")


def template_spec(vm: Document) -> Document:
    """The machine as it is to be."""
    return child(vm, "spec", "template", "spec")


def foretell(session: Session, found: Machine, binding: str) -> Forecast:
    """What a change of a NIC needs, told before it is made."""
    local = False
    if found.pod:
        local = "pod" in netpaths.with_facts(session, found).facts.scopes
    made = forecast(
        found.vmi or None, binding, local=local, strategy="" if local else _strategy(session)
    )
    session.line(made.said)
    return made


def submit(session: Session, vm: Document, body: Document, *, dry_run: bool) -> None:
    """Patch the template, if it is still the one that was read. Raises ``ApiError``."""
    version = text(vm, "metadata", "resourceVersion")
    query = {"dryRun": "All"} if dry_run else {}
    resources.patch(
        session.rest, VIRTUAL_MACHINE, session.namespace, text(vm, "metadata", "name"),
        {**body, "metadata": {"resourceVersion": version}} if version else body, query=query,
    )  # fmt: skip


def _strategy(session: Session) -> str:
    """The installation's ``vmRolloutStrategy``; empty when it may not be read."""
    try:
        found = resources.list_all(session.rest, KUBEVIRT, "")
    except ApiError:
        return ""
    said = (text(one, "spec", "configuration", "vmRolloutStrategy") for one in found)
    return next(said, "")


def ipam_of(definition: Document | None) -> str:
    """The kind of address management that a definition asks of its plugin."""
    plugin = plugin_of(definition) if definition else {}
    return text(child(plugin, "ipam"), "type") if isinstance(plugin.get("ipam"), dict) else ""
