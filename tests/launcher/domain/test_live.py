import pytest

from launcher.domain import live
from launcher.domain.element import element
from launcher.errors import SpecError
from launcher.spec import Memory, Topology

MIB = 1 << 20
DOMAIN = """<domain><devices>
  <interface><mac address='02:00:00:00:00:01'/><alias name='ua-default'/></interface>
  <interface type='ethernet'><link state='down'/><alias name='ua-blue'/></interface>
</devices></domain>"""


def test_devices_by_the_names_that_users_gave() -> None:
    disk = element("disk", None, element("alias", {"name": "ua-data"}))
    assert live.find([element("disk"), disk], "data") is disk
    assert live.find([disk], "ua-data") is None


@pytest.mark.parametrize(("up", "state"), [(True, "up"), (False, "down")])
@pytest.mark.parametrize("name", ["default", "blue"])
def test_a_cable_is_all_that_changes(name: str, up: bool, state: str) -> None:
    text = live.with_link(DOMAIN, name, up=up)
    assert text.count("<link ") == 1
    assert f'<link state="{state}">' in text
    assert f'<alias name="ua-{name}">' in text


def test_a_nic_that_is_not_there() -> None:
    with pytest.raises(SpecError, match=r"interfaces\[red\]"):
        live.with_link(DOMAIN, "red", up=True)


def test_memory_is_a_device_as_large_as_there_is_room() -> None:
    text = live.more_memory(Memory(guest=1024 * MIB, max_guest=4096 * MIB), 1536 * MIB)
    assert '<size unit="b">3221225472</size>' in text
    assert '<requested unit="b">536870912</requested>' in text
    assert '<block unit="b">2097152</block>' in text
    assert not live.has_more_memory(DOMAIN)
    assert live.has_more_memory(f"<domain><devices>{text}</devices></domain>")


@pytest.mark.parametrize(
    ("memory", "size", "message"),
    [
        (Memory(guest=1024 * MIB), 2048 * MIB, "no room for more memory"),
        (Memory(guest=1024 * MIB, max_guest=2048 * MIB), 512 * MIB, "is not between"),
        (Memory(guest=1024 * MIB, max_guest=2048 * MIB), 4096 * MIB, "is not between"),
        (Memory(guest=1024 * MIB, max_guest=2048 * MIB), 1025 * MIB, "no whole blocks"),
    ],
)
def test_memory_that_a_machine_cannot_have(memory: Memory, size: int, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        live.more_memory(memory, size)


def test_cpus_come_by_the_socket() -> None:
    topology = Topology(sockets=1, cores=2, threads=2)
    assert live.vcpus(topology, 4, 3) == 12
    for sockets in (0, 5):
        with pytest.raises(SpecError, match="is not between 1 and 4"):
            live.vcpus(topology, 4, sockets)


def test_sockets_of_a_domain() -> None:
    domain = """<domain><devices>
      <serial type='unix'><source mode='bind' path='/a/serial'/></serial>
      <serial type='unix'><source mode='connect' path='/a/other'/></serial>
      <graphics type='vnc'><listen type='socket' socket='/a/vnc'/></graphics>
      <graphics type='vnc'><listen type='address'/></graphics>
    </devices></domain>"""
    assert live.sockets(domain) == ("/a/serial", "/a/vnc")


DRIVES = """<domain><devices>
  <disk type='block' device='cdrom'><driver name='qemu' cache='none'/><target dev='sda'/>
    <alias name='ua-cd'/></disk>
  <disk type='file' device='disk'><source file='/x'/><alias name='ua-root'/></disk>
</devices></domain>"""


def test_a_medium_comes_and_goes() -> None:
    full = live.with_medium(DRIVES, "cd", "/m.iso")
    assert full.startswith('<disk type="file" device="cdrom">')
    assert '<source file="/m.iso">' in full
    assert 'cache="none"' in full
    empty = live.with_medium(f"<domain><devices>{full}</devices></domain>", "cd", "")
    assert "source" not in empty


@pytest.mark.parametrize("name", ["root", "none"])
def test_only_drives_take_media(name: str) -> None:
    with pytest.raises(SpecError, match="no such drive"):
        live.with_medium(DRIVES, name, "/m.iso")


def test_what_runs_a_domain() -> None:
    assert live.accelerator("<domain type='kvm'><name>a</name></domain>") == "kvm"
