"""``<features>`` and ``<clock>``: what the machine shows the guest besides devices."""

from __future__ import annotations

from launcher.domain.element import Element, element, switch
from launcher.domain.inputs import Inputs
from launcher.spec import Clock, Enlightenment

_TIMERS = ("rtc", "pit", "kvmclock", "hpet", "hypervclock", "tsc")


def features(inputs: Inputs) -> tuple[Element, ...]:
    """``<features>``; always there, if only empty."""
    asked = inputs.spec.features
    cpu = inputs.spec.cpu
    no_pmu = (cpu.realtime and cpu.dedicated) or (asked.given and _confidential(inputs))
    return (
        element(
            "features",
            None,
            element("acpi") if asked.acpi else None,
            element("apic") if asked.apic else None,
            _hyperv(inputs),
            element("smm") if asked.smm else None,
            _kvm(inputs),
            None if asked.pvspinlock is None else switch("pvspinlock", "state", asked.pvspinlock),
            switch("pmu", "state", state=False) if no_pmu else None,
            switch("vmport", "state", state=False) if inputs.x86 and asked.given else None,
        ),
    )


def _confidential(inputs: Inputs) -> bool:
    security = inputs.spec.launch_security
    return security is not None and security.kind == "tdx"


def _kvm(inputs: Inputs) -> Element | None:
    hidden = inputs.spec.features.kvm_hidden
    parts = (
        None if hidden is None else switch("hidden", "state", hidden),
        switch("hint-dedicated", "state", state=True)
        if inputs.x86 and inputs.spec.cpu.dedicated
        else None,
    )
    return element("kvm", None, *parts) if any(parts) else None


def _hyperv(inputs: Inputs) -> Element | None:
    asked = inputs.spec.features
    if asked.hyperv is not None:
        return element("hyperv", None, *(_enlightenment(each) for each in asked.hyperv))
    return element("hyperv", {"mode": "passthrough"}) if asked.hyperv_passthrough else None


_PARAMETERS = {"spinlocks": "retries", "vendor_id": "value"}


def _enlightenment(asked: Enlightenment) -> Element:
    attributes = {"state": "on" if asked.enabled else "off"}
    if asked.value:
        attributes[_PARAMETERS[asked.name]] = asked.value
    parts = (switch(name, "state", on) for name, on in asked.parts.items())
    return element(asked.name, attributes, *parts)


def clock(inputs: Inputs) -> tuple[Element, ...]:
    """``<clock>``, when one was asked for."""
    asked = inputs.spec.clock
    if asked is None:
        return ()
    timers = sorted(asked.timers, key=lambda timer: _TIMERS.index(timer.name))
    each = (
        element(
            "timer",
            {
                "name": timer.name,
                "tickpolicy": timer.tick_policy or None,
                "present": None if timer.frequency else "yes" if timer.present else "no",
                "track": timer.track or None,
                "frequency": timer.frequency,
            },
        )
        for timer in timers
    )
    return (element("clock", _offset(asked), *each),)


def _offset(asked: Clock) -> dict[str, str | int | None]:
    if asked.utc:
        shift = "reset" if asked.offset_seconds is None else str(asked.offset_seconds)
        return {"offset": "utc", "adjustment": shift}
    if asked.timezone:
        return {"offset": "timezone", "timezone": asked.timezone}
    return {}
