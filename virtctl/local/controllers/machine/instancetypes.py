"""What a machine's instancetype and preference make of its instance (api.md §1.4). Pure.

They are taken once, into ControllerRevisions that the machine owns; what is started is made from
those, however the instancetype changes later.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass

from virtctl.errors import InvalidField
from virtctl.local.api.context import AdmissionContext
from virtctl.local.api.instancetypes import expansion, revisions
from virtctl.local.api.instancetypes.matching import INSTANCETYPE, PARTS, PREFERENCE, Lookup
from virtctl.local.api.instancetypes.revisions import Capture
from virtctl.local.runtime.changes import Change, Create
from virtctl.models.documents import Document, child, put
from virtctl.models.kinds import CONTROLLER_REVISION

_UNFOUND = {INSTANCETYPE: "FailedFindInstancetype", PREFERENCE: "FailedFindPreference"}


@dataclass(frozen=True)
class Chosen:
    """What a machine uses. ``machine`` is the machine with all of it applied.

    ``problem`` says why it can't be used, and ``reason`` in one word; then there is no ``machine``.
    """

    captures: tuple[Capture | None, Capture | None] = (None, None)
    machine: Document | None = None
    problem: str = ""
    reason: str = "FailedCreate"


def choose(vm: Document, lookup: Lookup, binding: str) -> Chosen:
    """What ``vm`` uses; ``binding`` is that of the NIC of machines that list none."""
    if not expansion.has_matchers(vm):
        return Chosen(machine=vm)
    found: list[Capture | None] = []
    for part, reason in _UNFOUND.items():
        try:
            found.append(revisions.capture(vm, part, lookup))
        except revisions.Altered as error:
            why = "error encountered while storing instancetype.kubevirt.io controllerRevisions"
            return Chosen(problem=f"{why}: {error.problem}")
        except InvalidField as error:
            return Chosen(problem=error.problem, reason=reason)
    instancetype, preference = found
    captures = (instancetype, preference)
    machine = deepcopy(vm)
    specs = [None if capture is None else capture.spec for capture in captures]
    try:
        expansion.apply_to_template(specs[0], specs[1], machine, binding)
    except expansion.Conflicting as error:
        fields = " ".join(cause.field for cause in error.causes)
        return Chosen(
            captures, problem=f"VM conflicts with instancetype spec in fields: [{fields}]"
        )
    for key, name in expansion.applied_annotations(vm).items():
        put(machine, name, "spec", "template", "metadata", "annotations", key)
    return Chosen(captures, machine)


def default_binding(installations: list[Document]) -> str:
    """The binding of the NIC of machines that list none, as the installation has it."""
    for installed in installations:
        return AdmissionContext(
            configuration=child(installed, "spec", "configuration")
        ).default_binding
    return AdmissionContext().default_binding


def create(chosen: Chosen) -> Iterator[Change]:
    """Make the revisions that are not there yet."""
    for capture in chosen.captures:
        if capture is not None and capture.missing is not None:
            yield Create(kind=CONTROLLER_REVISION, document=capture.missing)


def references(chosen: Chosen) -> dict[str, Document | None]:
    """``instancetypeRef`` and ``preferenceRef`` of the status; None where nothing is used."""
    return {
        part.reference: None if capture is None else capture.reference
        for part, capture in zip(PARTS, chosen.captures, strict=True)
    }
