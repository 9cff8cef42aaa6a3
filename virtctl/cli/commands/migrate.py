"""``migrate``: move running machines to another node."""

from __future__ import annotations

from typing import Annotated

from virtctl.cli.options import AllNames, DryRun, Option, Selector, VmNames
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.cli.stringmaps import string_map
from virtctl.cli.verbs import chosen, doing, dry, each
from virtctl.client import subresources
from virtctl.client.subresources import Owner
from virtctl.models.documents import Document


def run(
    session: Session,
    names: VmNames = [],  # noqa: B006 - never changed
    *,
    added_node_selector: Annotated[
        list[str],
        Option(
            "--addedNodeSelector",
            help="Labels that the new node must have besides, as in `zone=a`.",
            metavar="LABEL=VALUE",
        ),
    ] = [],  # noqa: B006 - never changed
    selector: Selector = "",
    every: AllNames = False,
    dry_run: DryRun = "",
) -> Outcome:
    """Move running machines to another node while they run."""
    labels = string_map(added_node_selector, "--addedNodeSelector")
    wanted: Document = {"addedNodeSelector": dict(labels)} if labels else {}
    body = subresources.dry_run(wanted, wanted=dry(session, dry_run))

    def act(name: str) -> str:
        with doing(f"cannot migrate VM {name}"):
            subresources.put(session.rest, Owner.VM, session.namespace, name, "migrate", body)
        return f"VM {name} was scheduled to migrate"

    return each(session, chosen(session, names, selector, every=every), act)
