import yaml

from tests.fakes.env import virtctl


def test_printed() -> None:
    ran = virtctl("create", "preference", "--name=p", "--machine-type=q35", "-n", "lab")
    assert yaml.safe_load(ran.out) == {
        "apiVersion": "instancetype.kubevirt.io/v1beta1",
        "kind": "VirtualMachinePreference",
        "metadata": {"name": "p", "namespace": "lab"},
        "spec": {"machine": {"preferredMachineType": "q35"}},
    }


def test_a_wrong_topology_is_named() -> None:
    ran = virtctl("create", "preference", "--cpu-topology", "flat")
    assert (ran.code, "`flat` must be one of" in ran.err) == (2, True)
