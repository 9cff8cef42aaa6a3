"""What ``pause`` and ``unpause`` share."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from virtctl.cli.options import Argument
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.cli.targets import is_type, owner
from virtctl.cli.verbs import chosen, doing, dry, each
from virtctl.client import resources, subresources
from virtctl.client.subresources import Owner
from virtctl.errors import NotFound, UsageError, VirtctlError
from virtctl.models.documents import Document, flag, text
from virtctl.models.kinds import VIRTUAL_MACHINE

Words = Annotated[
    list[str], Argument("[vm|vmi] NAME", help="Type and names.", complete="vm-or-type")
]


class Wanted(NamedTuple):
    """Which machines: words, ``--selector`` and ``--all``."""

    words: list[str]
    selector: str
    every: bool


def change(session: Session, wanted: Wanted, verb: str, *, dry_run: str) -> Outcome:
    """PUT ``verb`` to each instance of ``[vm|vmi] NAME...``, or chosen otherwise."""
    kind, words = _read(wanted)
    body = subresources.dry_run({}, wanted=dry(session, dry_run))

    def act(name: str) -> str:
        with doing(f"cannot {verb} VMI {name}"):
            _put(session, kind, name, verb, body)
        return f"VMI {name} was scheduled to {verb}"

    what = "VM" if kind is Owner.VM else "VMI"
    names = chosen(session, words, wanted.selector, every=wanted.every, what=what)
    return each(session, names, act)


def _read(wanted: Wanted) -> tuple[Owner, list[str]]:
    """Type and names. One word that is no type is a name; before a name, only a type may stand."""
    words = wanted.words
    if not words:
        return Owner.VM, words
    if len(words) == 1:
        if not is_type(words[0]):
            return Owner.VM, words
        if not (wanted.selector or wanted.every):
            raise UsageError("missing argument NAME")
    return owner(words[0]), words[1:]


def _put(session: Session, kind: Owner, name: str, verb: str, body: Document) -> None:
    vm: Document = {}
    if kind is Owner.VM:
        vm = resources.get(session.rest, VIRTUAL_MACHINE, session.namespace, name)
    try:
        subresources.put(session.rest, Owner.VMI, session.namespace, name, verb, body or None)
    except NotFound as error:
        if vm and _is_halted(vm):
            raise VirtctlError(f"VM {name} is not set to run", f"virtctl start {name}") from error
        raise


def _is_halted(vm: Document) -> bool:
    strategy = text(vm, "spec", "runStrategy")
    return strategy == "Halted" or (not strategy and not flag(vm, "spec", "running"))
