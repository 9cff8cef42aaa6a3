"""The network of a pod: made before the machine starts, changed when NICs come and go.

What the CNI made in the pod is taken as it is and written down first; then bridges, taps, settings
and NAT are added. Like KubeVirt, a set-up that began and did not end is never silently redone: the
pod is lost, and a new one must be made. One that failed is taken back completely and may be tried
again.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from launcher.errors import HostError, VerifyFailed
from launcher.net import bindings, verify
from launcher.net.attachments import Attachment, PodNet
from launcher.net.model import NetState
from launcher.spec import Elsewhere, MachineSpec, Nic
from launcher.system import linkkinds, observe, runner
from launcher.system.captures import Capture, Captures
from launcher.system.journal import Journal, Progress
from launcher.system.perform import perform

PLAN = "pod network"
"""Name of the first plan in the machine's journal; NICs that come later have ``pod network 2``."""

STAND_IN = "ifb"
"""Kind of link that keeps a pod's addresses where the kernel has no dummy: the same flags."""


def set_up(
    spec: MachineSpec,
    journal: Path,
    *,
    only: Collection[str] | None = None,
    holder: str = "",
) -> PodNet:
    """Make the pod's network and return the facts for DHCP and the domain.

    To be called with the thread in the pod's network namespace. It runs ``nft`` a few times and
    takes some 30 ms. Called again after success it changes nothing and returns the same facts.

    ``only`` names NICs of a running machine that come or, being ``absent`` in the spec, go; the
    others are left alone. ``holder`` is the kind of link that keeps a pod's addresses when its own
    link goes into a bridge; by default dummy or what stands in for it.

    Raises ``PlanFailed`` or ``VerifyFailed`` after taking everything back, ``SpecError`` for what
    cannot be built, ``HostError`` when the pod lacks a link or an earlier set-up did not end.
    """
    room = _Room(spec, journal)
    room.refuse_half_done()
    nics = bindings.listed(spec, only)
    observed = observe.network(tables=())
    new = [nic for nic in nics if nic.state != "absent" and room.is_pending(nic)]
    if new:
        names = [nic.name for nic in nics]
        net = bindings.pod_net(spec, observed, names, holder=holder or _holder(new))
        room.make(net, {nic.name for nic in new})
    else:
        room.check([nic.name for nic in nics if nic.state != "absent"])
    for nic in nics:
        if nic.state == "absent" and not room.remove(nic.name) and new:
            _delete_strays(bindings.with_link_name(nic, observed), observed)
    return room.known()


def take_back(journal: Path) -> None:
    """Undo whatever was done to a pod's network, in this thread's network namespace.

    All of it is tried; raises ``HostError`` with what could not be taken back.
    """
    book = Journal(journal)
    for plan in reversed(_plans(book)):
        if book.progress(plan) is not Progress.PENDING:
            runner.roll_back(plan, book)
    _captures(journal).path.unlink(missing_ok=True)


def _captures(journal: Path) -> Captures:
    return Captures(journal.with_name("network.json"))


def _plans(book: Journal) -> list[str]:
    found = dict.fromkeys(entry.plan for entry in book.entries())
    return [plan for plan in found if plan == PLAN or plan.startswith(f"{PLAN} ")]


def _holder(nics: list[Nic]) -> str:
    if not bindings.needs_holder(nics) or linkkinds.known(bindings.HOLDER):
        return bindings.HOLDER
    return STAND_IN


class _Room:
    """One pod's network: the spec, and what journal and captures say of it."""

    def __init__(self, spec: MachineSpec, journal: Path) -> None:
        self._spec = spec
        self._book = Journal(journal)
        self._captures = _captures(journal)

    def refuse_half_done(self) -> None:
        """Raise ``HostError`` when a set-up began and did not end, unless its NICs are to go."""
        absent = {nic.name for nic in self._spec.nics if nic.state == "absent"}
        for plan in _plans(self._book):
            if self._book.progress(plan) is not Progress.STARTED:
                continue
            names = {name for name, each in self._captures.load().items() if each.plan == plan}
            if names and names <= absent:
                continue
            told = ", ".join(f"`{name}`" for name in sorted(names - absent)) or "unknown NICs"
            raise HostError(
                f"an earlier set-up of the pod's network for {told} began and did not end; "
                "it is not redone",
                "remove the pod, its replacement starts afresh",
            )

    def is_pending(self, nic: Nic) -> bool:
        """Whether a NIC is still to be set up here."""
        return not isinstance(nic.binding, Elsewhere) and nic.name not in self._finished()

    def make(self, found: PodNet, new: set[str]) -> None:
        """Set up the NICs that are ``new``; those that are there already are looked after."""
        done = self._finished()
        plan = self._next_plan()
        fresh = tuple(each for each in found.attachments if each.name in new)
        wanted = PodNet(
            attachments=tuple(
                each if each.name in new else done[each.name].attachment
                for each in found.attachments
            )
        )
        # On disk before anything is changed: afterwards it could not be found out any more.
        self._captures.keep(plan, PodNet(attachments=fresh))
        runner.apply(
            plan, bindings.desired(self._spec, wanted), lambda: _observe(wanted), self._book
        )

    def check(self, names: list[str]) -> None:
        """Raise ``VerifyFailed`` when NICs that were set up are not as they were made."""
        net = PodNet(attachments=tuple(each for each in self._attachments() if each.name in names))
        if found := verify.mismatches(bindings.desired(self._spec, net), _observe(net)):
            raise VerifyFailed(found)

    def remove(self, name: str) -> bool:
        """Take away what was made for a NIC that is unplugged; False when that was nothing."""
        capture = self._captures.load().get(name)
        if capture is None:
            return False
        for op in bindings.removal(capture.attachment):
            perform(op)
        self._captures.forget(name)
        return True

    def known(self) -> PodNet:
        """The facts of all NICs that are set up, in the machine's order."""
        return PodNet(attachments=self._attachments())

    def _attachments(self) -> tuple[Attachment, ...]:
        done = self._finished()
        return tuple(done[nic.name].attachment for nic in self._spec.nics if nic.name in done)

    def _finished(self) -> dict[str, Capture]:
        return {
            name: each
            for name, each in self._captures.load().items()
            if self._book.progress(each.plan) is Progress.FINISHED
        }

    def _next_plan(self) -> str:
        taken = {each.plan for each in self._finished().values()}
        numbers = range(2, len(taken) + 3)
        names = (PLAN, *(f"{PLAN} {number}" for number in numbers))
        return next(
            name
            for name in names
            if name not in taken and self._book.progress(name) is Progress.PENDING
        )


def _delete_strays(nic: Nic, observed: NetState) -> None:
    there = {link.name for link in observed.links}
    for op in bindings.strays(nic):
        if op.name in there:
            perform(op)


def _observe(net: PodNet) -> NetState:
    # Listing rules takes a process: not where there is no NAT.
    tables = None if any(each.ipv4 or each.ipv6 for each in net.attachments) else ()
    return observe.network(settings=bindings.setting_keys(net), tables=tables)
