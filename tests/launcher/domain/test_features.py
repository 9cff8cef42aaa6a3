"""Features and clock."""

from launcher.domain import features
from launcher.domain.element import render
from launcher.spec import Clock, Cpu, Enlightenment, Features, LaunchSecurity, Timer
from tests.fakes.machines import inputs


def made(**changes):
    (found,) = features.features(inputs(**changes))
    return found


def tags(**changes) -> list[str]:
    return [each.tag for each in made(**changes).children]


def test_the_usual_ones() -> None:
    assert tags() == ["acpi", "vmport"]


def test_none_at_all() -> None:
    assert tags(architecture="arm64", features=Features(acpi=False)) == []


def test_switches() -> None:
    asked = Features(apic=True, smm=True, pvspinlock=False, kvm_hidden=True)
    found = made(features=asked)
    assert [each.tag for each in found.children] == [
        "acpi", "apic", "smm", "kvm", "pvspinlock", "vmport",
    ]  # fmt: skip
    assert found.find("kvm", "hidden").get("state") == "on"
    assert found.find("pvspinlock").get("state") == "off"


def test_dedicated_cpus_are_hinted_at() -> None:
    assert made(cpu=Cpu(dedicated=True)).find("kvm", "hint-dedicated").get("state") == "on"


def test_no_pmu_where_it_would_disturb() -> None:
    assert "pmu" in tags(cpu=Cpu(realtime=True, dedicated=True))
    assert "pmu" in tags(launch_security=LaunchSecurity(kind="tdx"))


def test_hyperv() -> None:
    asked = (
        Enlightenment(name="relaxed"),
        Enlightenment(name="spinlocks", value="4096"),
        Enlightenment(name="stimer", enabled=False, parts={"direct": True}),
    )
    found = made(features=Features(hyperv=asked)).find("hyperv")
    assert dict(found.find("spinlocks").attributes) == {"state": "on", "retries": "4096"}
    assert found.find("stimer").get("state") == "off"
    assert found.find("stimer", "direct").get("state") == "on"


def test_no_enlightenment_is_not_no_hyperv() -> None:
    assert made(features=Features(hyperv=())).find("hyperv").children == ()
    assert made(features=Features()).find("hyperv") is None


def test_without_a_word_about_features_there_are_none() -> None:
    assert tags(features=Features(given=False, acpi=False)) == []


def test_hyperv_passthrough() -> None:
    found = made(features=Features(hyperv_passthrough=True)).find("hyperv")
    assert found.get("mode") == "passthrough"


def test_no_clock_unless_asked() -> None:
    assert features.clock(inputs()) == ()


def test_clock_and_timers_in_order() -> None:
    timers = (
        Timer(name="tsc", frequency=2_000_000),
        Timer(name="hpet", present=False),
        Timer(name="rtc", tick_policy="catchup", track="guest"),
    )
    (found,) = features.clock(inputs(clock=Clock(utc=True, timers=timers)))
    assert render(found) == (
        '<clock offset="utc" adjustment="reset">\n'
        '  <timer name="rtc" tickpolicy="catchup" present="yes" track="guest"></timer>\n'
        '  <timer name="hpet" present="no"></timer>\n'
        '  <timer name="tsc" frequency="2000000"></timer>\n'
        "</clock>\n"
    )


def test_offsets() -> None:
    (shifted,) = features.clock(inputs(clock=Clock(utc=True, offset_seconds=0)))
    (local,) = features.clock(inputs(clock=Clock(timezone="Europe/Rome")))
    assert shifted.get("adjustment") == "0"
    assert dict(local.attributes) == {"offset": "timezone", "timezone": "Europe/Rome"}
