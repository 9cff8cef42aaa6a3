"""A daemon that is killed a hundred times while the disks of a guest are copied."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.copied import CLAIM, NAME, Copies
from tests.fakes.instance import Instance, until


@pytest.fixture
def copies(tmp_path: Path) -> Iterator[Copies]:
    instance = Instance(tmp_path / "instance")
    try:
        instance.up()
        instance.apply(CLAIM)
        yield Copies(instance)
    finally:
        instance.down()


@pytest.mark.vm
@pytest.mark.slow
@pytest.mark.timeout(5000)
def test_disks_of_a_guest(copies: Copies, tiny_image: Path) -> None:
    instance = copies.instance
    instance.run("image", "import", str(tiny_image), "tiny")
    text = instance.machine(NAME)
    seed = "        - name: cloudinitdisk\n          cloudInitNoCloud:"
    data = "        - name: data\n          persistentVolumeClaim:\n            claimName: data\n"
    disk = "            - name: cloudinitdisk\n"
    assert seed in text
    text = text.replace(seed, data + seed).replace(
        disk, f"            - name: data\n              disk:\n                bus: virtio\n{disk}"
    )
    instance.apply(text)
    instance.run("wait", NAME, "--for", "ssh", "--timeout", "10m")
    fill = "head -c 100663296 /dev/urandom > /dev/vdb; sync; sha256sum < /dev/vdb"
    copies.wanted = instance.ssh(NAME, fill).split()[0]
    boots = instance.get("vmi", NAME)["metadata"]["uid"]
    copies.snapshot(0)
    for number in range(1, 101):
        (copies.snapshot, copies.dump, copies.clone)[number % 3](number)
        until(
            lambda: "fsFreezeStatus" not in copies.status("vmi", NAME), "a guest that is thawed", 90
        )
        found = copies.status("vm", NAME)
        assert found["printableStatus"] == "Running", (number, found)
        assert instance.ssh(NAME, "date > /root/now && sync && echo well").strip() == "well"
    assert instance.get("vmi", NAME)["metadata"]["uid"] == boots
