import pytest

from virtctl.local.controllers.machine import restart
from virtctl.local.controllers.machine.seen import Seen


def why(started, wanted, vmi_domain=None):
    revision = {"data": {"spec": {"template": {"spec": started}}}}
    vmi = {"metadata": {}, "spec": {"domain": vmi_domain or {}}, "status": {}}
    vm = {"spec": {"template": {"spec": wanted}}}
    return restart.reason(Seen(vm=vm, vmi=vmi, revision=revision))


def sockets(count):
    return {"domain": {"cpu": {"sockets": count}}}


def memory(guest):
    return {"domain": {"memory": {"guest": guest}}}


@pytest.mark.parametrize(
    ("started", "wanted", "domain", "said"),
    [
        (sockets(2), sockets(1), {}, "Reduction of CPU socket count requires a restart"),
        (sockets(1), sockets(9), {"cpu": {"maxSockets": 4}}, "higher than what's available"),
        (sockets(1), sockets(1), {"cpu": {"sockets": 2, "maxSockets": 4}}, "requires a restart"),
        (sockets(1), sockets(2), {}, restart.GENERIC),
        (
            memory("1Gi"), memory("8Gi"), {"memory": {"guest": "1Gi", "maxGuest": "4Gi"}},
            "higher than what's available",
        ),
        (
            memory("2Gi"), memory("1Gi"), {"memory": {"guest": "2Gi", "maxGuest": "4Gi"}},
            "lower than what the VM started with",
        ),
        (
            memory("1Gi"), memory("1025Mi"), {"memory": {"guest": "1Gi", "maxGuest": "4Gi"}},
            "not available for this VM configuration",
        ),
        ({}, {"hostname": "h"}, {}, restart.GENERIC),
    ],
)  # fmt: skip
def test_reasons(started, wanted, domain, said):
    assert why(started, wanted, domain).endswith(said)


def test_live_fields_and_equal_templates_need_none():
    assert why({"hostname": "h"}, {"hostname": "h"}) == ""
    assert why({}, {"nodeSelector": {"a": "b"}}) == ""


def test_labels_are_a_part_of_the_template():
    def same(labels):
        vm = {"spec": {"template": {"metadata": {"labels": labels}, "spec": {}}}}
        started = {"template": {"metadata": {"labels": {"a": "b"}}, "spec": {}}}
        return restart.same_template(Seen(vm=vm, revision={"data": {"spec": started}}))

    assert same({"a": "b"})
    assert not same({"a": "c"})


def test_what_can_be_plugged_in_needs_none():
    assert why(sockets(1), sockets(2), {"cpu": {"sockets": 1, "maxSockets": 4}}) == ""
    room = {"memory": {"guest": "1Gi", "maxGuest": "4Gi"}}
    assert why(memory("1Gi"), memory("2Gi"), room) == ""
    assert why({}, {}, {"cpu": {"sockets": 4}}) == ""


def spec_of(*nics, nets=()):
    interfaces = [{"name": nic, **more} for nic, more in nics]
    return {"networks": list(nets), "domain": {"devices": {"interfaces": interfaces}}}


def test_nics_that_can_be_plugged_in_need_none():
    pod, blue = {"name": "default", "pod": {}}, {"name": "blue", "multus": {"networkName": "n"}}
    first = ("default", {"masquerade": {}})
    started = spec_of(first, nets=[pod])
    running = {"metadata": {}, "spec": started, "status": {}}
    revision = {"data": {"spec": {"template": {"spec": started}}}}

    def needed(*nics, nets):
        vm = {"spec": {"template": {"spec": spec_of(*nics, nets=nets)}}}
        return restart.reason(Seen(vm=vm, vmi=running, revision=revision))

    assert needed(first, ("blue", {"bridge": {}}), nets=[pod, blue]) == ""
    assert needed(("default", {"masquerade": {}, "state": "down"}), nets=[pod]) == ""
    assert needed(first, ("blue", {"binding": {"name": "x"}}), nets=[pod, blue]) == restart.GENERIC
    assert needed(("default", {"bridge": {}}), nets=[pod]) == restart.GENERIC
    assert needed(nets=[]) == restart.GENERIC


def test_the_revisions_in_use_are_no_change():
    started = {"instancetype": {"name": "small", "revisionName": "r1"}, "template": {"spec": {}}}
    revision = {"data": {"spec": started}}

    def needs(**matcher):
        spec = {"template": {"spec": {}}, "instancetype": {"name": "small", **matcher}}
        vm = {"metadata": {"name": "vm1"}, "spec": spec}
        return restart.reason(Seen(vm=vm, vmi={"metadata": {}, "spec": {}}, revision=revision))

    assert needs() == needs(revisionName="r1") == ""
    assert needs(revisionName="r2")
    assert needs(name="large")
