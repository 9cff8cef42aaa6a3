"""A machine with its instancetype and preference applied."""

from __future__ import annotations

from copy import deepcopy

from virtctl.errors import Cause
from virtctl.local.api.defaults.devices import with_missing_disks
from virtctl.local.api.instancetypes import (
    matching,
    preferring,
    requirements,
    resources,
    revisions,
)
from virtctl.local.api.instancetypes.matching import INSTANCETYPE, PARTS, PREFERENCE, Lookup
from virtctl.models import documents
from virtctl.models.documents import Document, JsonValue

_COUNT = "instancetype.spec.cpu.guest"


class Conflicting(Exception):
    """A machine and its instancetype set the same fields, or its preference needs more."""

    def __init__(self, causes: tuple[Cause, ...]) -> None:
        super().__init__(", ".join(dict.fromkeys(cause.message for cause in causes)))
        self.causes = causes


def has_matchers(vm: Document) -> bool:
    """Whether a machine names an instancetype or a preference."""
    return any(matching.matcher_of(vm, part) for part in PARTS)


def specs_of(vm: Document, lookup: Lookup) -> tuple[Document | None, Document | None]:
    """The specs of instancetype and preference, each None when none is named.

    Raises ``InvalidField`` when what is named isn't there.
    """
    found = [revisions.capture(vm, part, lookup) for part in (INSTANCETYPE, PREFERENCE)]
    instancetype, preference = (None if each is None else each.spec for each in found)
    return instancetype, preference


def conflict_causes(instancetype: Document, holder: Document) -> tuple[Cause, ...]:
    """What ``holder``, a template, sets though its instancetype does."""
    return tuple(
        Cause(
            "FieldValueInvalid", f"VM field(s) {path} conflicts with selected instance type", path
        )
        for path in resources.conflicts(instancetype, holder)
    )


def requirement_causes(
    instancetype: Document | None, preference: Document, spec: Document
) -> tuple[Cause, ...]:
    """The first that a machine lacks of what its preference requires; one cause for all fields."""
    found = list(requirements.shortages(instancetype, preference, spec))
    if not found:
        return ()
    first = found[0][1]
    fields = ", ".join(field for field, problem in found if problem == first)
    text = f"failure checking preference requirements: {first}"
    return (Cause("FieldValueNotFound", text, fields),)


def apply(instancetype: Document | None, preference: Document | None, holder: Document) -> None:
    """Apply both to a template or an instance, in place. Raises ``Conflicting``."""
    if instancetype is not None:
        count = documents.integer(instancetype, "cpu", "guest")
        problem = resources.spread_problem(count, preference or {})
        if problem:
            raise Conflicting((Cause("FieldValueInvalid", problem, _COUNT),))
        found = conflict_causes(instancetype, holder)
        if found:
            raise Conflicting(found)
        resources.apply(instancetype, preference or {}, holder)
    if preference is not None:
        preferring.apply(preference, holder)


def expand(vm: Document, lookup: Lookup, binding: str) -> Document:
    """A copy of ``vm`` that needs neither instancetype nor preference any more.

    ``binding`` is that of the NIC of machines that list none. Raises ``InvalidField`` when what is
    named isn't there, and ``Conflicting``.
    """
    if not has_matchers(vm):
        return vm
    instancetype, preference = specs_of(vm, lookup)
    expanded = deepcopy(vm)
    apply_to_template(instancetype, preference, expanded, binding)
    documents.ensure(expanded, "spec", "template", "spec", "domain").setdefault("resources", {})
    for part in PARTS:
        documents.child(expanded, "spec").pop(part.field, None)
    return expanded


def apply_to_template(
    instancetype: Document | None, preference: Document | None, vm: Document, binding: str
) -> None:
    """Apply both to a machine's template, in place, and to the disks and the NIC that it implies.

    Raises ``Conflicting``.
    """
    template = documents.ensure(vm, "spec", "template")
    template["spec"] = with_missing_disks(documents.child(template, "spec"))
    _default_network(documents.ensure(template, "spec"), binding)
    apply(instancetype, preference, template)


def _default_network(spec: Document, binding: str) -> None:
    """The pod network, where a machine lists no network and doesn't want none."""
    devices = documents.ensure(spec, "domain", "devices")
    wants_none = devices.get("autoattachPodInterface") is False
    if documents.items(spec, "networks") or documents.items(devices, "interfaces") or wants_none:
        return
    nic: Document = {"name": "default", binding: {}}
    pod: Document = {"name": "default", "pod": {}}
    interfaces: list[JsonValue] = [nic]
    networks: list[JsonValue] = [pod]
    devices["interfaces"], spec["networks"] = interfaces, networks


def applied_annotations(vm: Document) -> dict[str, str]:
    """Annotations of an instance that name what was applied to it."""
    found = (matching.annotation(vm, part) for part in PARTS)
    return dict(each for each in found if each is not None)
