"""What of a changed template needs a restart (api.md §3.3, RestartRequired). Pure.

What reaches the running instance (``liveupdates``) needs none.
"""

from __future__ import annotations

from virtctl.local.api.instancetypes.matching import PARTS
from virtctl.local.controllers.machine import liveupdates, volumeupdates
from virtctl.local.controllers.machine.instance import revision_template
from virtctl.local.controllers.machine.seen import Seen, template_spec
from virtctl.local.runtime import resizing
from virtctl.local.runtime.owners import is_deleting
from virtctl.models.documents import Document, child, find, integer, text
from virtctl.wire.quantities import parse_quantity

GENERIC = "a non-live-updatable field was changed in the template spec"
_MEMORY = "memory updated in template spec"
_LIVE = (
    ("domain", "cpu", "sockets"),
    ("domain", "memory", "guest"),
    ("nodeSelector",),
    ("affinity",),
    ("tolerations",),
)
_NETWORKS = (("networks",), ("domain", "devices", "interfaces"))


def reason(seen: Seen) -> str:
    """Why the machine must be restarted to be as its template says; empty when it need not."""
    if seen.vmi is None or seen.revision is None or is_deleting(seen.vmi):
        return ""
    started, wanted = revision_template(seen.revision), template_spec(seen.vm)
    if _matchers_changed(seen.vm, seen.revision):
        return GENERIC
    return (
        _sockets(started, wanted, seen.vmi)
        or _memory(wanted, seen.vmi)
        or _rest(started, wanted, seen.vmi)
    )


def _matchers_changed(vm: Document, revision: Document) -> bool:
    """Whether the machine names another instancetype or preference than it was started with.

    The revision knows the revisions that were in use; they count where the machine asks for one.
    """
    for part in PARTS:
        wanted, started = child(vm, "spec", part.field), child(revision, "data", "spec", part.field)
        if not wanted.get("revisionName"):
            started = {key: value for key, value in started.items() if key != "revisionName"}
        if wanted != started:
            return True
    return False


def same_template(seen: Seen) -> bool:
    """Whether the running VMI was started from the template as it is now, its metadata included."""
    if seen.revision is None:
        return False
    return child(seen.revision, "data", "spec", "template") == child(seen.vm, "spec", "template")


def _sockets(started: Document, wanted: Document, vmi: Document) -> str:
    old = integer(child(started, "domain", "cpu"), "sockets", default=1)
    new = integer(child(wanted, "domain", "cpu"), "sockets", default=1)
    named = find(wanted, "domain", "cpu", "sockets") is not None
    has = integer(vmi, "spec", "domain", "cpu", "sockets", default=old) if named else old
    if new == max(old, has):
        return ""
    limit = integer(vmi, "spec", "domain", "cpu", "maxSockets")
    if limit and new > limit:
        return "CPU sockets updated in template spec to a value higher than what's available"
    if new < max(old, has):
        return "Reduction of CPU socket count requires a restart"
    return "" if limit else GENERIC


def _memory(wanted: Document, vmi: Document) -> str:
    asked = text(wanted, "domain", "memory", "guest")
    has = text(vmi, "spec", "domain", "memory", "guest")
    if not asked or not has or parse_quantity(asked) == parse_quantity(has):
        return ""
    limit = text(vmi, "spec", "domain", "memory", "maxGuest")
    if not limit:
        return f"{_MEMORY}. Memory-hotplug is not available for this VM configuration"
    at_boot = text(vmi, "status", "memory", "guestAtBoot", default=has)
    if parse_quantity(asked) < parse_quantity(at_boot):
        return f"{_MEMORY} to a value lower than what the VM started with"
    if parse_quantity(asked) > parse_quantity(limit):
        return f"{_MEMORY} to a value higher than what's available"
    if not resizing.fits(asked, vmi):
        return f"{_MEMORY}. Memory-hotplug is not available for this VM configuration"
    return ""


def _rest(started: Document, wanted: Document, vmi: Document) -> str:
    left, right = volumeupdates.fixed(started), volumeupdates.fixed(wanted)
    networks = () if liveupdates.restart_for_networks(started, wanted, vmi) else _NETWORKS
    for path in (*_LIVE, *networks):
        _forget(left, path)
        _forget(right, path)
    return GENERIC if left != right else ""


def _forget(spec: Document, path: tuple[str, ...]) -> None:
    holder = find(spec, *path[:-1]) if path[:-1] else spec
    if isinstance(holder, dict):
        holder.pop(path[-1], None)
