"""Defaults of an instance's features: what is given is on, and what it needs comes with it."""

from __future__ import annotations

from virtctl.models import documents
from virtctl.models.documents import Document

_SWITCHES = ("acpi", "apic", "pvspinlock", "smm")
_SPINLOCK_RETRIES = 4096
# Enlightenment and what it needs; in this order, so that needs of needs are met too.
HYPERV_NEEDS = (
    ("evmcs", "vapic"),
    ("ipi", "vpindex"),
    ("tlbflush", "vpindex"),
    ("synictimer", "synic"),
    ("synic", "vpindex"),
)


def default_features(spec: Document) -> None:
    """Switch on what is given without ``enabled``; ACPI is on except on s390x."""
    domain = documents.ensure(spec, "domain")
    features = documents.ensure(domain, "features")
    acpi = documents.ensure(features, "acpi")
    if spec.get("architecture") == "s390x":
        acpi.setdefault("enabled", False)
    for name in _SWITCHES:
        _switch_on(features.get(name))
    hyperv = features.get("hyperv")
    if isinstance(hyperv, dict):
        _default_hyperv(domain, hyperv)
    timers = documents.child(domain, "clock", "timer")
    for timer in timers.values():
        if isinstance(timer, dict):
            timer.setdefault("present", True)


def _switch_on(state: object) -> None:
    if isinstance(state, dict):
        state.setdefault("enabled", True)


def _default_hyperv(domain: Document, hyperv: Document) -> None:
    for state in hyperv.values():
        _switch_on(state)
        if isinstance(state, dict):
            _switch_on(state.get("direct"))
            _switch_on(state.get("extended"))
    spinlocks = hyperv.get("spinlocks")
    if isinstance(spinlocks, dict) and spinlocks.get("enabled"):
        spinlocks.setdefault("spinlocks", _SPINLOCK_RETRIES)
    for name, need in HYPERV_NEEDS:
        if not is_on(hyperv, name):
            continue
        if need not in hyperv:
            hyperv[need] = {"enabled": True}
        elif not is_on(hyperv, need):
            return  # left to the rules, and so is all that would have followed
    if is_on(hyperv, "evmcs"):
        _require_feature(domain, "vmx")


def is_on(features: Document, name: str) -> bool:
    """Whether a feature is given and not switched off."""
    state = features.get(name)
    return isinstance(state, dict) and state.get("enabled") is not False


def _require_feature(domain: Document, name: str) -> None:
    cpu = documents.ensure(domain, "cpu")
    entries = list(documents.objects(cpu, "features"))
    for entry in entries:
        if entry.get("name") == name:
            entry["policy"] = "require"
            return
    cpu["features"] = [*entries, {"name": name, "policy": "require"}]
