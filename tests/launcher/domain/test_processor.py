"""Virtual CPUs."""

import pytest

from launcher.domain import processor
from launcher.facts import HostFacts
from launcher.spec import Accelerator, Cpu, CpuFeature, Memory, Topology
from tests.fakes.machines import MIB, inputs


def cpu(facts: HostFacts | None = None, **changes):
    (made,) = processor.cpu(inputs(facts, **changes))
    return made


@pytest.mark.parametrize(
    ("accelerator", "usable", "model", "mode"),
    [
        (Accelerator.KVM, True, "host-model", "host-model"),
        (Accelerator.KVM, True, "host-passthrough", "host-passthrough"),
        (Accelerator.KVM, True, "EPYC", "custom"),
        (Accelerator.TCG, False, "host-model", "maximum"),
        (Accelerator.TCG, False, "host-passthrough", "maximum"),
        (Accelerator.TCG, False, "EPYC", "custom"),
    ],
)
def test_model(accelerator: Accelerator, usable: bool, model: str, mode: str) -> None:
    made = cpu(HostFacts(kvm_usable=usable), accelerator=accelerator, cpu=Cpu(model=model))
    assert made.get("mode") == mode
    named = made.find("model")
    assert (named.text if named else "") == ("EPYC" if mode == "custom" else "")


def test_features() -> None:
    listed = (CpuFeature(name="vmx", policy="require"), CpuFeature(name="pcid"))
    made = cpu(cpu=Cpu(features=listed))
    assert [dict(each.attributes) for each in made.all("feature")] == [
        {"name": "vmx", "policy": "require"},
        {"name": "pcid"},
    ]


def test_shared_memory_needs_one_cell() -> None:
    made = cpu(
        cpu=Cpu(topology=Topology(cores=2)),
        memory=Memory(guest=512 * MIB, hugepage_size=2 * MIB),
    )
    assert dict(made.find("numa", "cell").attributes) == {
        "id": "0", "cpus": "0-1", "memory": str(512 * 1024), "unit": "KiB",
    }  # fmt: skip


def test_count_without_hotplug() -> None:
    (whole,) = processor.count(inputs(cpu=Cpu(topology=Topology(sockets=2, cores=2))))
    assert whole.text == "4"


def test_count_with_room_for_more() -> None:
    asked = Cpu(topology=Topology(sockets=2, cores=1), max_sockets=3)
    whole, each = processor.count(inputs(cpu=asked))
    assert whole.text == "3"
    shown = [(v.get("enabled"), v.get("hotpluggable")) for v in each.children]
    assert shown == [("yes", "no"), ("yes", "yes"), ("no", "yes")]


@pytest.mark.parametrize(
    ("accelerator", "mode"), [(Accelerator.TCG, "custom"), (Accelerator.KVM, "host-passthrough")]
)
def test_a_foreign_cpu_is_all_that_the_emulator_has(accelerator: Accelerator, mode: str) -> None:
    made = cpu(
        HostFacts(architecture="arm64", kvm_usable=True),
        accelerator=accelerator,
        cpu=Cpu(model="host-passthrough"),
    )
    assert made.get("mode") == mode
    named = made.find("model")
    assert (named.text if named else "") == ("max" if mode == "custom" else "")


def test_a_foreign_cpu_that_was_named() -> None:
    foreign = HostFacts(architecture="arm64", kvm_usable=True)
    made = cpu(foreign, accelerator=Accelerator.TCG, cpu=Cpu(model="EPYC"))
    assert (made.get("mode"), made.find("model").text) == ("custom", "EPYC")


def test_the_emulator_of_a_foreign_cpu() -> None:
    foreign = HostFacts(architecture="amd64")
    (made,) = processor.emulator(inputs(foreign, architecture="arm64", accelerator=Accelerator.TCG))
    assert made.text == "/usr/bin/qemu-system-aarch64"
    assert processor.emulator(inputs(foreign, accelerator=Accelerator.TCG)) == ()
