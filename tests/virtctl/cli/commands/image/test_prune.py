"""``image prune``."""

from __future__ import annotations

from pathlib import Path

from tests.fakes.env import virtctl
from tests.fakes.images import layer
from tests.fakes.registry import Registry


def test_what_no_machine_uses_goes(tmp_path: Path) -> None:
    (tmp_path / "disk").write_bytes(bytes(512))
    place = ("--dir", str(tmp_path))
    registry = Registry()
    try:
        for number in (1, 2):
            image = registry.blobs.image(layer({"disk/a": bytes([number]) * 512}))
            registry.tags[f"a:{number}"] = image
            virtctl("image", "import", f"{registry.host}/a:{number}", *place)
    finally:
        registry.close()
    virtctl("image", "import", str(tmp_path / "disk"), "mine", *place)
    blobs = {path.read_bytes()[:1]: path for path in (tmp_path / "images/blobs/sha256").iterdir()}
    (tmp_path / "vms/1").mkdir(parents=True)
    (tmp_path / "vms/1/spec.json").write_text(
        f'{{"name": "web", "namespace": "default", "image": "{blobs[bytes([2])]}"}}'
    )
    ran = virtctl("image", "prune", *place)
    assert ran.out.splitlines()[0] == f"image {registry.host}/a:1 removed"
    assert ran.out.endswith(" freed\n")
    ran = virtctl("image", "prune", "--all", *place)
    assert ran.out.splitlines()[0] == "image mine removed"
    assert [path.read_bytes()[:1] for path in blobs.values() if path.exists()] == [bytes([2])]
