"""Defaults of features."""

from tests.fakes.rules import domain, spec
from virtctl.local.api.defaults.features import default_features, is_on


def features(architecture="amd64", **given):
    document = spec(architecture=architecture, domain=domain(features=given))
    default_features(document)
    return document["domain"]


def test_acpi_is_on_except_where_there_is_none():
    assert features()["features"] == {"acpi": {"enabled": True}}
    assert features("s390x")["features"] == {"acpi": {"enabled": False}}


def test_what_is_given_is_on():
    found = features(smm={}, apic={"endOfInterrupt": True}, pvspinlock={"enabled": False})
    assert found["features"]["smm"] == {"enabled": True}
    assert found["features"]["apic"] == {"endOfInterrupt": True, "enabled": True}
    assert found["features"]["pvspinlock"] == {"enabled": False}


def test_enlightenments_bring_what_they_need():
    found = features(hyperv={"synictimer": {"direct": {}}, "evmcs": {}, "spinlocks": {}})
    hyperv = found["features"]["hyperv"]
    for name in ("synic", "vpindex", "vapic"):
        assert hyperv[name] == {"enabled": True}
    assert hyperv["synictimer"]["direct"] == {"enabled": True}
    assert hyperv["spinlocks"]["spinlocks"] == 4096
    assert found["cpu"]["features"] == [{"name": "vmx", "policy": "require"}]


def test_what_is_switched_off_stays_off():
    hyperv = features(hyperv={"synictimer": {}, "synic": {"enabled": False}})["features"]["hyperv"]
    assert hyperv["synic"] == {"enabled": False}
    assert "vpindex" not in hyperv


def test_timers_are_present():
    document = spec(domain=domain(clock={"timer": {"hpet": {"present": False}, "rtc": {}}}))
    default_features(document)
    assert document["domain"]["clock"]["timer"] == {
        "hpet": {"present": False},
        "rtc": {"present": True},
    }


def test_on_and_off():
    assert is_on({"a": {}}, "a")
    assert not is_on({"a": {"enabled": False}}, "a")
    assert not is_on({}, "a")


def test_what_is_needed_and_off_ends_the_search():
    hyperv = {"synictimer": {}, "synic": {"enabled": False}, "evmcs": {}, "vapic": {}}
    document = spec(domain=domain(features={"hyperv": hyperv}, cpu={}))
    default_features(document)
    assert "vpindex" not in hyperv
    assert document["domain"]["cpu"] == {}


def test_nested_guests_need_virtualisation():
    cpu = {"features": [{"name": "vmx", "policy": "optional"}]}
    document = spec(domain=domain(features={"hyperv": {"evmcs": {}}}, cpu=cpu))
    default_features(document)
    assert cpu["features"] == [{"name": "vmx", "policy": "require"}]
