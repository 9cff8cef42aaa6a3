import pytest

from launcher import hostnet
from launcher.facts import HostFacts
from virtctl.local.layout import InstanceLayout
from virtctl.local.node.host import LocalHost
from virtctl.local.node.materials import DiskImage, ImageWish


class Images:
    def resolve(self, wish):
        return DiskImage(path=f"/images/{wish.reference}", format="raw")


@pytest.fixture
def host(tmp_path):
    network = hostnet.design(("node1", "node2"), directory=tmp_path)
    return LocalHost(InstanceLayout(tmp_path), network, "node2", HostFacts(), Images())


def test_a_node_knows_its_addresses(host):
    assert host.addresses[0].startswith("10.244.0.")
    assert host.nameservers[0] == "10.244.2.1"


async def test_machines_are_directories(host):
    assert host.machines() == ()
    host.place("u1").root.mkdir(parents=True)
    assert host.machines() == ("u1",)
    assert not host.is_alive("u1")
    assert host.last_state("u1") is None
    await host.destroy("u1")
    assert host.machines() == ()


async def test_disks_are_sparse_and_kept(host, tmp_path):
    path = tmp_path / "volumes/default/c/disk.img"
    await host.make_disk(path, 1 << 30)
    assert path.stat().st_size == 1 << 30
    assert path.stat().st_blocks == 0
    path.write_bytes(b"data")
    await host.make_disk(path, 1 << 30)
    assert path.read_bytes() == b"data"


async def test_only_volumes_are_removed(host, tmp_path):
    ours, other = tmp_path / "volumes/default/c", tmp_path / "other"
    for place in (ours, other):
        place.mkdir(parents=True)
        (place / "disk.img").write_bytes(b"data")
    assert host.volumes() == (ours,)
    await host.remove_tree(ours)
    await host.remove_tree(other)
    assert host.volumes() == ()
    assert other.exists()


async def test_images_are_asked_for(host):
    assert (await host.resolve(ImageWish(reference="tiny"))).path == "/images/tiny"


def test_nothing_is_attached_to_begin_with(host):
    assert host.attached() == ()
