"""Memory and balloon."""

from launcher.domain import memory
from launcher.facts import HostCpu, HostFacts, NumaCell
from launcher.spec import Cpu, LaunchSecurity, Memory, SharedDirectory
from tests.fakes.machines import MIB, inputs


def test_size() -> None:
    (made,) = memory.size(inputs())
    assert (made.text, made.get("unit")) == (str(256 * MIB), "b")


def test_room_for_more() -> None:
    _, most = memory.size(inputs(memory=Memory(guest=MIB, max_guest=4 * MIB)))
    assert (most.tag, most.text, most.get("slots")) == ("maxMemory", str(4 * MIB), "0")


def test_no_room_when_both_are_equal() -> None:
    assert len(memory.size(inputs(memory=Memory(guest=MIB, max_guest=MIB)))) == 1


def test_ordinary_memory_needs_no_backing() -> None:
    assert memory.backing(inputs()) == ()


def test_huge_pages() -> None:
    (made,) = memory.backing(inputs(memory=Memory(guest=MIB, hugepage_size=2 * MIB)))
    assert [each.tag for each in made.children] == ["hugepages", "source"]


def test_huge_pages_without_memfd() -> None:
    asked = Memory(guest=MIB, hugepage_size=2 * MIB, memfd=False)
    (made,) = memory.backing(inputs(memory=asked))
    assert [each.tag for each in made.children] == ["hugepages"]


def test_shared_directories_share_memory() -> None:
    (made,) = memory.backing(inputs(shared_directories=(SharedDirectory(name="a"),)))
    assert [each.tag for each in made.children] == ["source", "access"]


def test_numa_pages_name_their_cells() -> None:
    host = HostFacts(cpuset=(0,), numa_cells=(NumaCell(id=3, cpus=(HostCpu(id=0),)),))
    asked = Cpu(dedicated=True, numa_passthrough=True, realtime=True)
    (made,) = memory.backing(
        inputs(host, cpu=asked, memory=Memory(guest=4 * MIB, hugepage_size=2 * MIB))
    )
    assert made.find("hugepages", "page").get("nodeset") == "0"
    assert made.find("nosharepages") is not None
    assert made.find("allocation").get("mode") == "immediate"


def test_balloon() -> None:
    (made,) = memory.balloon(inputs())
    assert made.get("freePageReporting") == "on"
    assert made.find("stats").get("period") == "10"


def test_balloon_without_statistics() -> None:
    (made,) = memory.balloon(inputs(balloon_stats_period=0, free_page_reporting=False))
    assert made.get("freePageReporting") == "off"
    assert made.children == ()


def test_no_balloon() -> None:
    (made,) = memory.balloon(inputs(balloon=False))
    assert made.attributes == (("model", "none"),)


def test_hidden_memory_needs_an_iommu() -> None:
    (made,) = memory.balloon(inputs(launch_security=LaunchSecurity(kind="sev")))
    assert made.find("driver").get("iommu") == "on"
