"""What of a changed template reaches the running instance."""

from copy import deepcopy

import pytest

from virtctl.local.controllers.machine import liveupdates
from virtctl.local.controllers.machine.seen import Seen
from virtctl.local.runtime.changes import describe

POD = {"name": "default", "pod": {}}
BLUE = {"name": "blue", "multus": {"networkName": "blue"}}
FIRST = {"name": "default", "masquerade": {}}
SECOND = {"name": "blue", "bridge": {}}


def spec(interfaces, networks):
    return {"networks": networks, "domain": {"devices": {"interfaces": interfaces}}}


def patches(wanted, running, known=("default",)):
    metadata = {"name": "web", "namespace": "shop"}
    entries = [{"name": name, "infoSource": "domain"} for name in known]
    vmi = {"metadata": metadata, "spec": running, "status": {"interfaces": entries}}
    vm = {"metadata": metadata, "spec": {"template": {"spec": wanted}}}
    made = [describe(one) for one in liveupdates.changes(Seen(vm=vm, vmi=vmi))]
    return {one["patch"]: one["body"]["spec"] for one in made}


def test_nothing_for_an_instance_that_is_as_wanted():
    same = spec([FIRST], [POD])
    assert patches(same, deepcopy(same)) == {}
    # What admission gave the instance is nothing that the template has to name.
    assert patches({"domain": {}}, same) == {}


def test_a_nic_comes():
    made = patches(spec([FIRST, SECOND], [POD, BLUE]), spec([FIRST], [POD]))
    assert made == {"VirtualMachineInstance": spec([FIRST, SECOND], [POD, BLUE])}


@pytest.mark.parametrize("binding", [{"masquerade": {}}, {"binding": {"name": "tap"}}])
def test_a_nic_of_another_binding_waits_for_a_restart(binding):
    wanted = spec([FIRST, {"name": "blue", **binding}], [POD, BLUE])
    assert patches(wanted, spec([FIRST], [POD])) == {}


def test_a_nic_goes_in_three_steps():
    absent = {**SECOND, "state": "absent"}
    wanted, nets = spec([FIRST, absent], [POD, BLUE]), [POD, BLUE]
    both = ("default", "blue")
    told = patches(wanted, spec([FIRST, SECOND], nets), known=both)
    assert told == {
        "VirtualMachineInstance": {"domain": {"devices": {"interfaces": [FIRST, absent]}}}
    }
    assert patches(wanted, spec([FIRST, absent], nets), known=both) == {}
    gone = patches(wanted, spec([FIRST, absent], nets))
    assert gone == {
        "VirtualMachineInstance": spec([FIRST], [POD]),
        "VirtualMachine": {"template": {"spec": spec([FIRST], [POD])}},
    }


def test_the_pods_own_nic_does_not_go():
    wanted = spec([{**FIRST, "state": "absent"}], [POD])
    assert patches(wanted, spec([FIRST], [POD])) == {}


@pytest.mark.parametrize(("old", "new"), [("", "down"), ("down", "up"), ("down", "")])
def test_a_cable(old, new):
    def with_state(state):
        return spec([{**FIRST, **({"state": state} if state else {})}], [POD])

    made = patches(with_state(new), with_state(old))
    assert made == {"VirtualMachineInstance": {"domain": with_state(new)["domain"]}}


def test_cpus_and_memory_grow():
    running = {
        "domain": {
            "cpu": {"sockets": 1, "maxSockets": 4},
            "memory": {"guest": "1Gi", "maxGuest": "4Gi"},
        }
    }
    wanted = {"domain": {"cpu": {"sockets": 2}, "memory": {"guest": "2Gi"}}}
    assert patches(wanted, running) == {"VirtualMachineInstance": wanted}


@pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
def test_an_instance_that_is_over_is_left_alone(phase):
    vmi = {"metadata": {"name": "a"}, "spec": spec([FIRST], [POD]), "status": {"phase": phase}}
    vm = {"metadata": {"name": "a"}, "spec": {"template": {"spec": spec([SECOND], [BLUE])}}}
    assert list(liveupdates.changes(Seen(vm=vm, vmi=vmi))) == []
