"""The pool of MAC addresses."""

import pytest

from virtctl.errors import LocalError
from virtctl.local.api.defaults import macpool
from virtctl.local.api.defaults.macpool import MacPool

POOL = MacPool()


def machine(name, *macs):
    interfaces = [{"name": f"n{number}", "macAddress": mac} for number, mac in enumerate(macs)]
    spec = {"domain": {"devices": {"interfaces": interfaces}}}
    return {
        "kind": "VirtualMachine",
        "metadata": {"name": name, "namespace": "ns"},
        "spec": {"template": {"spec": spec}},
    }


def test_the_lowest_free_address_comes_first():
    assert next(POOL.free(set())) == "02:b3:f0:00:00:00"
    free = POOL.free({"02:b3:f0:00:00:00", "02:b3:f0:00:00:02"})
    assert [next(free), next(free)] == ["02:b3:f0:00:00:01", "02:b3:f0:00:00:03"]


def test_other_prefixes():
    assert MacPool("02:00:01").address(258) == "02:00:01:00:01:02"


def test_who_has_which():
    found = macpool.owners([machine("a", "02:B3:F0:00:00:00"), machine("b", "02-b3-f0-00-00-01")])
    assert found == {"02:b3:f0:00:00:00": "ns/a", "02:b3:f0:00:00:01": "ns/b"}


def test_interfaces_of_an_instance_are_in_its_spec():
    instance = {
        "kind": "VirtualMachineInstance",
        "spec": machine("a", "02:00")["spec"]["template"]["spec"],
    }
    assert list(macpool.macs_of(instance)) == ["02:00"]


def test_a_full_pool_is_an_error():
    small = MacPool(size=2)
    with pytest.raises(LocalError, match=r"the range is full: .* to 02:b3:f0:00:00:01"):
        next(small.free({small.address(0), small.address(1)}))


@pytest.mark.parametrize(
    ("interface", "network", "given"),
    [
        ({"masquerade": {}}, {"pod": {}}, True),
        ({"bridge": {}}, {"pod": {}}, False),
        ({"bridge": {}}, {"multus": {"networkName": "x"}}, True),
        ({"bridge": {}}, {"multus": {"networkName": "x", "default": True}}, False),
        ({"binding": {"name": "x"}}, {"pod": {}}, False),
        ({"sriov": {}}, {"multus": {"networkName": "x"}}, False),
        ({"masquerade": {}, "macAddress": "02:00:00:00:00:01"}, {"pod": {}}, False),
    ],
)
def test_who_is_given_an_address(interface, network, given):
    spec = {
        "domain": {"devices": {"interfaces": [{"name": "n", **interface}]}},
        "networks": [{"name": "n", **network}],
    }
    vm = {"kind": "VirtualMachine", "spec": {"template": {"spec": spec}}}
    for document in (vm, {"kind": "VirtualMachineInstance", "spec": spec}):
        assert bool(list(macpool.wanting(document))) is given


def test_a_range_has_both_its_ends():
    pool = macpool.between("02:AA:00:00:00:ff", "02-aa-00-00-01-00")
    assert (pool.size, pool.address(0), pool.address(1)) == (
        2, "02:aa:00:00:00:ff", "02:aa:00:00:01:00",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("start", "end", "problem"),
    [
        ("02:00:00:00:00:02", "02:00:00:00:00:01", "invalid range"),
        ("03:00:00:00:00:02", "03:00:00:00:00:03", "Multicast addressing is not supported"),
        ("02:00", "02:01", "no MAC address"),
    ],
)
def test_what_is_no_range(start, end, problem):
    with pytest.raises(LocalError, match=problem):
        macpool.between(start, end)


def test_one_address_in_three_spellings() -> None:
    spelt = ("02:AA:00:00:00:01", "02-aa-00-00-00-01", "02aa.0000.0001")
    assert {macpool.normalize(each) for each in spelt} == {"02:aa:00:00:00:01"}
    assert macpool.normalize("") == ""
