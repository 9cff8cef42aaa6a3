import pytest

from launcher.system.hostfacts import observe_facts, parse_cpu_list


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", ()), ("0", (0,)), ("0-3", (0, 1, 2, 3)), ("0-1,8,10-11", (0, 1, 8, 10, 11))],
)
def test_cpu_lists(text: str, expected: tuple[int, ...]) -> None:
    assert parse_cpu_list(text) == expected


def test_this_host_is_described() -> None:
    facts = observe_facts()
    assert facts.cpus >= len(facts.cpuset) >= 1
    assert facts.memory > 64 << 20
    assert facts.kvm_usable or facts.kvm_reason
    assert facts.emulator.startswith("/usr/bin/qemu-system-")
    assert facts.qemu_user >= 107
    assert all(node >= 0 for node in facts.pci_nodes.values())
