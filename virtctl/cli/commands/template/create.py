"""``template create``: a template out of a machine."""

from __future__ import annotations

from typing import Annotated

from virtctl.cli.options import Option
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.cli.verbs import doing
from virtctl.client import resources
from virtctl.manifests.template import request
from virtctl.models.documents import name_of
from virtctl.models.kinds import TEMPLATE_REQUEST


def run(
    session: Session,
    *,
    vm_name: Annotated[
        str, Option("--vm-name", help="The machine.", required=True, complete="vm")
    ] = "",
    vm_namespace: Annotated[
        str,
        Option("--vm-namespace", help="Namespace of the machine (the same).", complete="namespace"),
    ] = "",
    name: Annotated[str, Option("--name", help="Name of the template; else chosen.")] = "",
) -> Outcome:
    """Ask the server to make a template out of a machine."""
    document = request(vm_name, vm_namespace or session.namespace, name)
    with doing(f"cannot make a template of VM {vm_name}"):
        made = resources.create(session.rest, TEMPLATE_REQUEST, session.namespace, document)
    return Outcome(f"{TEMPLATE_REQUEST.singular}.{TEMPLATE_REQUEST.group}/{name_of(made)} created")
