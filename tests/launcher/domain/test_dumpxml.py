from launcher.domain.dumpxml import DomainNic, parse_domain
from launcher.state import DiskState
from tests.fakes.hypervisor import XML


def test_what_libvirt_chose_is_read() -> None:
    found = parse_domain(XML)
    assert found.machine_type == "pc-q35-10.0"
    assert found.nics == (DomainNic(name="default", mac="02:b3:f0:00:00:01"),)
    assert found.disks == (DiskState(name="rootdisk", target="vda"),)


def test_queues_and_link_state() -> None:
    xml = """<domain><devices><interface>
      <mac address='02:00:00:00:00:05'/><link state='down'/><driver queues='4'/>
      <alias name='ua-blue'/></interface></devices></domain>"""
    (nic,) = parse_domain(xml).nics
    assert nic == DomainNic(name="blue", mac="02:00:00:00:00:05", queues=4, link_up=False)


def test_an_empty_domain_is_empty() -> None:
    found = parse_domain("<domain/>")
    assert (found.machine_type, found.nics, found.disks) == ("", (), ())


def test_cpus_and_memory_that_the_guest_has_now() -> None:
    xml = """<domain><memory unit='KiB'>4194304</memory><vcpu current='2'>8</vcpu>
      <devices><memory model='virtio-mem'><target><size unit='KiB'>3145728</size>
        <requested unit='KiB'>1048576</requested><current unit='KiB'>524288</current>
      </target></memory></devices></domain>"""
    found = parse_domain(xml)
    assert (found.vcpus, found.memory) == (2, (1 << 30) + (512 << 20))
    assert parse_domain("<domain><vcpu>3</vcpu></domain>").vcpus == 3


def test_disks_that_came_later_are_known_by_their_place() -> None:
    xml = """<domain><devices>
      <disk><source file='/var/run/kubevirt/hotplug-disks/data.img'/><target dev='sda'/>
        <alias name='ua-data'/></disk>
      <disk><source dev='/dev/raw'/><target dev='sdb'/><alias name='ua-raw'/></disk>
    </devices></domain>"""
    assert [(disk.name, disk.hotplugged) for disk in parse_domain(xml).disks] == [
        ("data", True),
        ("raw", False),
    ]


def test_drives_without_a_medium_are_empty() -> None:
    xml = """<domain><devices>
      <disk device='cdrom'><target dev='sda'/><alias name='ua-cd'/></disk>
      <disk device='cdrom'><source file='/x.iso'/><alias name='ua-full'/></disk>
    </devices></domain>"""
    assert [disk.empty for disk in parse_domain(xml).disks] == [True, False]
