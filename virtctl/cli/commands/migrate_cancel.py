"""``migrate-cancel``: stop a migration under way."""

from __future__ import annotations

from virtctl.cli.options import DryRun, VmName
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.cli.verbs import doing, dry
from virtctl.client import resources
from virtctl.errors import VirtctlError
from virtctl.models.documents import Document, name_of, text
from virtctl.models.kinds import Kind

_MIGRATION = Kind(
    "kubevirt.io", "v1", "VirtualMachineInstanceMigration", "virtualmachineinstancemigrations"
)
_FINAL = frozenset({"Succeeded", "Failed"})


def run(session: Session, name: VmName, *, dry_run: DryRun = "") -> Outcome:
    """Stop a machine's migration; it goes on where it runs."""
    dry_running = dry(session, dry_run)
    rest, namespace = session.rest, session.namespace
    with doing(f"cannot cancel the migration of VM {name}"):
        query = {"labelSelector": f"kubevirt.io/vmi-name=={name}"}
        found = resources.list_all(rest, _MIGRATION, namespace, query)
        running = [one for one in found if text(one, "status", "phase") not in _FINAL]
        if not running:
            raise VirtctlError(f"found no migration to cancel for {name}")
        options: Document = {"dryRun": ["All"]} if dry_running else {}
        resources.delete(rest, _MIGRATION, namespace, name_of(running[0]), options)
    return Outcome(f"VM {name} was scheduled to migrate-cancel")
