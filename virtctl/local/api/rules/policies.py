"""Rules of migration policies."""

from __future__ import annotations

from collections.abc import Iterator

from virtctl.errors import Cause
from virtctl.local.api.context import AdmissionContext
from virtctl.local.api.rules.causes import invalid
from virtctl.models import documents
from virtctl.models.documents import Document
from virtctl.wire.quantities import Quantity, parse_quantity, quantity_or_none

_STALLS, _DOWNTIMES = "MigrationStallDetection", "MigrationDowntimeTuning"
_DECIMALS = parse_quantity("1m").nano
_ONE = parse_quantity("1")
_ZERO = Quantity(0)


def policy_causes(document: Document, context: AdmissionContext) -> Iterator[Cause]:
    """What is wrong with a migration policy."""
    spec = documents.child(document, "spec")
    for name in ("completionTimeoutPerGiB", "bandwidthPerMigration"):
        quantity = quantity_or_none(spec.get(name))
        if quantity is not None and quantity < _ZERO:
            yield invalid(f"spec.{name}", "must not be negative")
    yield from _gate_causes(document, context)
    trial = documents.child(spec, "experimental")
    if trial.get("stallDetector") is not None and trial.get("downtimeTuning") is not None:
        problem = (
            "experimental.stallDetector and experimental.downtimeTuning are mutually exclusive; "
            "the stall detection path manages its own downtime schedule"
        )
        yield invalid("spec.experimental", problem)
    yield from _factor_causes(documents.child(trial, "stallDetector"))


def _gate_causes(document: Document, context: AdmissionContext) -> Iterator[Cause]:
    """Fields of features that are off may stay as they are."""
    for path, gates in (
        (("maxDowntimeMs",), (_STALLS, _DOWNTIMES)),
        (("experimental", "downtimeTuning"), (_DOWNTIMES,)),
        (("experimental", "stallDetector"), (_STALLS,)),
    ):
        value = documents.find(document, "spec", *path)
        before = documents.find(context.old or {}, "spec", *path)
        changed = value is not None and value != before
        if changed and not any(context.has_gate(gate) for gate in gates):
            name, needed = ".".join(path), " or ".join(gates)
            problem = f"{name} cannot be modified without enabling the {needed} feature gate"
            yield invalid(f"spec.{name}", problem)


def _factor_causes(detector: Document) -> Iterator[Cause]:
    """Factors are plain numbers of three decimals at most, each within its own bounds."""
    for name, least, most, above in (
        ("ewmaAlpha", _ZERO, _ONE, True),
        ("precopyPossibleFactor", _ONE, None, False),
        ("patienceWindowDecayFactor", _ZERO, _ONE, False),
        ("completionTimeoutFactor", _ONE, None, False),
    ):
        factor = quantity_or_none(detector.get(name))
        if factor is None:
            continue
        field = f"spec.experimental.stallDetector.{name}"
        if factor < _ZERO:
            yield invalid(field, f'invalid scalar "{factor}": must not be negative')
        elif factor.nano % _DECIMALS:
            problem = f'invalid scalar "{factor}": must have at most 3 decimal places'
            yield invalid(field, problem)
        elif factor < least or (above and factor == least):
            than = "greater than" if above else "greater than or equal to"
            yield invalid(field, f"must be {than} {least.value}")
        elif most is not None and factor > most:
            yield invalid(field, f"must be less than or equal to {most.value}")
