import msgspec
import pytest

from launcher.facts import CPUS_FILE, CpuFacts, HostCpus
from virtctl.local.node.nodelabels import SKIP, NodeLabelController, Seen, labels, read_from
from virtctl.local.runtime.changes import Patch, Requeue
from virtctl.local.runtime.cpuplacing import OBSOLETE_HOST

QEMU = CpuFacts(
    known=("qemu64", "Penryn", "Haswell"),
    usable=("qemu64", "Penryn"),
    features=("aes",),
    vendor="AMD",
    host_model="EPYC",
    required=("x2apic",),
)
KVM = CpuFacts(known=("Penryn", "Haswell"), usable=("Haswell",))
CPUS = HostCpus(qemu=QEMU, kvm=KVM)
EMULATED = {"developerConfiguration": {"useEmulation": True}}


def models(configuration):
    prefix = "cpu-model.node.kubevirt.io/"
    found = labels(CPUS, configuration)
    return {name.removeprefix(prefix) for name in found if name.startswith(prefix)}


def test_on_kvm_models_count_that_the_host_can_do():
    assert models({}) == {"Haswell"}


def test_on_plain_qemu_all_known_models_count_but_obsolete_ones():
    assert models(EMULATED) == {"Penryn", "Haswell"}


def test_the_kubevirt_object_says_what_is_obsolete():
    told = {**EMULATED, "obsoleteCPUModels": {"Penryn": True, "qemu64": False}}
    assert models(told) == {"Haswell", "qemu64"}


def test_the_host_is_told():
    found = labels(CPUS, EMULATED)
    assert found["cpu-feature.node.kubevirt.io/aes"] == "true"
    assert found["cpu-vendor.node.kubevirt.io/AMD"] == "true"
    assert found["host-model-cpu.node.kubevirt.io/EPYC"] == "true"
    assert found["host-model-required-features.node.kubevirt.io/x2apic"] == "true"
    assert found["cpu-model-migration.node.kubevirt.io/Penryn"] == "true"


@pytest.mark.parametrize(
    ("told", "emulated", "marked"),
    [({"EPYC": True}, True, True), ({"Penryn": True}, True, False), ({}, False, False)],
)
def test_an_obsolete_host_is_marked(told, emulated, marked):
    configuration = {**(EMULATED if emulated else {}), "obsoleteCPUModels": told}
    assert (OBSOLETE_HOST in labels(CPUS, configuration)) is marked


def test_on_plain_qemu_the_hosts_model_is_obsolete_only_when_named():
    host = CpuFacts(host_model="qemu64")
    assert OBSOLETE_HOST in labels(HostCpus(kvm=host), {})
    assert OBSOLETE_HOST not in labels(HostCpus(qemu=host), EMULATED)


def node(has, **annotations):
    metadata = {"name": "node1", "labels": has, "annotations": annotations}
    return {"metadata": metadata}


def decided(document, cpus=CPUS):
    controller = NodeLabelController(lambda: cpus)
    return controller.decide(Seen(node=document, configuration={}, cpus=cpus), 0)


def test_labels_are_brought_up_to_date():
    (change,) = decided(node({"cpu-model.node.kubevirt.io/Old": "true", "mine": "1"}))
    assert isinstance(change, Patch)
    body = change.body["metadata"]["labels"]
    assert body["cpu-model.node.kubevirt.io/Old"] is None
    assert body["cpu-model.node.kubevirt.io/Haswell"] == "true"
    assert "mine" not in body
    assert decided(node(labels(CPUS, {}))) == []


def test_an_obsolete_host_is_told_once():
    host = HostCpus(kvm=CpuFacts(host_model="qemu64"))
    told, change = decided(node({}), host)
    assert (told.reason, told.warning) == ("HostModelIsObsolete", True)
    assert change.body["metadata"]["labels"][OBSOLETE_HOST] == "true"
    assert decided(node(labels(host, {})), host) == []


def test_a_node_may_be_left_alone():
    assert decided(node({}, **{SKIP: "true"})) == []


def test_what_is_not_known_is_waited_for():
    (change,) = decided(node({}), cpus=None)
    assert isinstance(change, Requeue)


def test_the_probe_is_read_once_it_has_ended(tmp_path):
    read = read_from(tmp_path)
    assert read() is None
    (tmp_path / CPUS_FILE).write_bytes(b"{")
    assert read() is None
    (tmp_path / CPUS_FILE).write_bytes(msgspec.json.encode(CPUS))
    assert read() == CPUS
