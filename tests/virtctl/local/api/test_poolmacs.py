"""Addresses of the pool, for one write."""

import pytest

from virtctl.errors import ApiError
from virtctl.local.api.contract import Actor
from virtctl.local.api.defaults.macpool import MacPool
from virtctl.local.api.hooks import Admitted
from virtctl.local.api.poolmacs import RANGE, PoolAddresses
from virtctl.models.kinds import CONFIG_MAP, NAMESPACE, VIRTUAL_MACHINE

LABEL = "mutatevirtualmachines.kubemacpool.io"


class Shelf:
    """Stored objects by kind."""

    def __init__(self, settings=None, namespace="", machines=()):
        labels = {LABEL: namespace} if namespace else {}
        self.objects = {
            CONFIG_MAP: [{"metadata": {"name": RANGE, "namespace": "kubevirt"}, "data": settings}]
            if settings
            else [],
            NAMESPACE: [{"metadata": {"name": "ns", "labels": labels}}],
            VIRTUAL_MACHINE: list(machines),
        }

    def get(self, kind, namespace, name):
        found = [one for one in self.objects[kind] if one["metadata"]["name"] == name]
        return found[0] if found else None

    def list(self, kind, namespace):
        return self.objects.get(kind, ())

    def list_all(self, kind):
        return self.objects.get(kind, ())


def machine(name="vm", label="", *macs):
    interfaces = [{"name": mac, "macAddress": mac} for mac in macs]
    return {
        "kind": "VirtualMachine",
        "metadata": {"name": name, "namespace": "ns", "labels": {LABEL: label} if label else {}},
        "spec": {"template": {"spec": {"domain": {"devices": {"interfaces": interfaces}}}}},
    }


def addresses(shelf, new=None, old=None):
    request = Admitted(
        kind=VIRTUAL_MACHINE, old=old, new=new or machine(), actor=Actor("u"), subresource=""
    )

    def derive(kind, what):
        return map(what, shelf.list_all(kind))

    return PoolAddresses(MacPool(), "kubevirt", shelf, derive, request)


def test_the_range_is_that_of_the_config_map():
    settings = {"RANGE_START": "02:aa:00:00:00:10", "RANGE_END": "02:aa:00:00:00:11"}
    pool = addresses(Shelf(settings))
    assert [pool.assign("ns/vm"), pool.assign("ns/vm")] == [
        "02:aa:00:00:00:10", "02:aa:00:00:00:11",
    ]  # fmt: skip
    with pytest.raises(ApiError, match=r"kubemacpool.io\" denied .*: the range is full") as caught:
        pool.assign("ns/vm")
    assert caught.value.code == 500
    assert addresses(Shelf()).assign("ns/vm") == "02:b3:f0:00:00:00"


def test_a_range_that_is_none_is_told():
    settings = {"RANGE_START": "02:aa:00:00:00:10", "RANGE_END": "02:aa:00:00:00:01"}
    with pytest.raises(ApiError, match="invalid range"):
        addresses(Shelf(settings)).assign("ns/vm")


@pytest.mark.parametrize(
    ("mode", "namespace", "label", "given"),
    [
        ("", "", "", True),
        ("", "ignore", "", False),
        ("", "", "ignore", False),
        ("opt-in", "", "", False),
        ("opt-in", "allocate", "", True),
        ("opt-in", "", "allocate", True),
        ("opt-in", "allocate", "ignore", False),
    ],
)
def test_who_wants_addresses(mode, namespace, label, given):
    shelf = Shelf({"OPT_MODE": mode}, namespace)
    assert bool(addresses(shelf, machine(label=label)).assign("ns/vm")) is given


def test_an_address_is_one_machines_only():
    shelf = Shelf(machines=[machine("other", "", "02:b3:f0:00:00:07")])
    pool = addresses(shelf)
    pool.claim("02:b3:f0:00:00:08", "ns/vm")
    pool.claim("02-B3-F0-00-00-07", "ns/other")
    message = "failed to allocate requested mac address: .* already in use by ns/other"
    with pytest.raises(ApiError, match=message):
        pool.claim("02-B3-F0-00-00-07", "ns/vm")
    addresses(shelf, machine(label="ignore")).claim("02:b3:f0:00:00:07", "ns/vm")


def test_a_refused_change_is_told_as_one():
    shelf = Shelf(machines=[machine("other", "", "02:b3:f0:00:00:07")])
    for old, words in (
        (None, "Failed to create .*: Failed to allocate mac to the vm object: failed to"),
        (machine(), "Failed to update virtual machine allocation error: failed to allocate"),
    ):
        with pytest.raises(ApiError, match=words):
            addresses(shelf, old=old).claim("02:b3:f0:00:00:07", "ns/vm")


@pytest.mark.parametrize("label", ["runlevel", "openshift.io/run-level"])
@pytest.mark.parametrize(("level", "given"), [("0", False), ("1", False), ("2", True)])
def test_namespaces_that_a_cluster_needs_have_no_pool(label, level, given):
    shelf = Shelf()
    shelf.objects[NAMESPACE][0]["metadata"]["labels"] = {label: level}
    assert bool(addresses(shelf).assign("ns/vm")) is given


def test_a_machine_has_an_address_once():
    twice = machine("vm", "", "02:b3:f0:00:00:07", "02-B3-F0-00-00-07")
    message = "duplicate MAC address 02:b3:f0:00:00:07 found on interfaces: .*:07 and .*-07"
    with pytest.raises(ApiError, match=message):
        addresses(Shelf(), twice).claim("02-b3-f0-00-00-07", "ns/vm")
    addresses(Shelf(namespace="ignore"), twice).claim("02:b3:f0:00:00:07", "ns/vm")
