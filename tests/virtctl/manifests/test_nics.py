import pytest

from tests.fakes.sighted import spec
from virtctl.errors import UsageError, VirtctlError
from virtctl.manifests import nics


def inner(body):
    made = body["spec"]["template"]["spec"]
    return made["domain"]["devices"]["interfaces"], made["networks"]


def test_one_more() -> None:
    interfaces, networks = inner(nics.with_nic(spec(), "b", "ns/lan", "passt", "02:00:00:00:00:07"))
    assert interfaces[-1] == {"name": "b", "passtBinding": {}, "macAddress": "02:00:00:00:00:07"}
    assert networks[-1] == {"name": "b", "multus": {"networkName": "ns/lan"}}
    with pytest.raises(VirtctlError, match="already"):
        nics.with_nic(spec(), "nic-add1", "lan", "bridge", "")


def test_the_pod_network_that_nobody_named_stays() -> None:
    interfaces, networks = inner(nics.with_nic({}, "b", "lan", "bridge", ""))
    assert [one["name"] for one in interfaces] == ["default", "b"]
    assert networks[0] == {"name": "default", "pod": {}}


def test_one_less() -> None:
    interfaces, networks = inner(nics.without_nic(spec(), "nic-add1", plugged=False))
    assert [one["name"] for one in (*interfaces, *networks)] == ["default", "default"]
    interfaces, networks = inner(nics.without_nic(spec(), "nic-add1", plugged=True))
    assert interfaces[1]["state"] == "absent"
    assert len(networks) == 2
    with pytest.raises(UsageError, match="there is no NIC `x`"):
        nics.without_nic(spec(), "x", plugged=False)


@pytest.mark.parametrize("word", ["nic-add1", "lan"])
def test_which_is_meant(word) -> None:
    assert nics.nic_called(spec(), word, "default") == "nic-add1"


def test_none_or_several_are_meant() -> None:
    with pytest.raises(UsageError, match="no NIC is"):
        nics.nic_called(spec(), "x", "default")
    twice = spec()
    twice["networks"].append({"name": "b", "multus": {"networkName": "default/lan"}})
    with pytest.raises(UsageError, match="several NICs are"):
        nics.nic_called(twice, "lan", "default")


def test_bindings() -> None:
    assert nics.binding_of(spec(), "default") == "masquerade"
    assert nics.binding_of({}, "default") == "bridge"
