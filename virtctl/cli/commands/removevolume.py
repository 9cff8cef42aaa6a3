"""``removevolume``: take a volume out of a running machine."""

from __future__ import annotations

from virtctl.cli.hotplug import Persist, VolumeName, submit
from virtctl.cli.options import DryRun, VmiName
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.cli.verbs import doing, dry
from virtctl.client import subresources


def run(
    session: Session,
    name: VmiName,
    *,
    volume_name: VolumeName = "",
    persist: Persist = False,  # noqa: ARG001 - accepted for scripts, as Go's tool
    dry_run: DryRun = "",
) -> Outcome:
    """Take a volume that was plugged in out of a running machine."""
    body = subresources.dry_run({"name": volume_name}, wanted=dry(session, dry_run))
    with doing(f"cannot remove volume {volume_name} from VM {name}"):
        submit(session, name, "removevolume", body)
    return Outcome(
        f"Successfully submitted remove volume request to VM {name} for volume {volume_name}"
    )
