"""A machine from a manifest, with what an ordinary pod has."""

from pathlib import Path

import pytest
import yaml

from launcher import layout
from launcher.spec import ContainerDisk, Resolver
from virtctl.errors import InvalidField, UsageError
from virtctl.local.node import standalone


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Inside paths, below a directory of the test."""
    monkeypatch.setattr(layout, "INSIDE_CONTAINER_DISKS", tmp_path / "container-disks")
    monkeypatch.setattr(layout, "INSIDE_PRIVATE", tmp_path / "private")
    (tmp_path / "container-disks").mkdir()
    return tmp_path


def written(places: Path, volume: dict, kind: str = "VirtualMachineInstance") -> Path:
    file = places / "vmi.yaml"
    spec = {
        "domain": {"memory": {"guest": "64Mi"}, "devices": {"disks": [{"name": "os", "disk": {}}]}},
        "volumes": [{"name": "os", **volume}],
    }
    file.write_text(
        yaml.safe_dump(
            {
                "apiVersion": "kubevirt.io/v1",
                "kind": kind,
                "metadata": {"name": "a"},
                "spec": spec,
            }
        )
    )
    return file


DISK = {"containerDisk": {"image": "any"}}


def test_a_container_disk_is_where_kubevirt_has_it(places: Path) -> None:
    image = places / "container-disks/disk_0.img"
    image.write_bytes(b"QFI\xfb" + (3).to_bytes(4, "big") + bytes(96))
    spec = standalone.specify(written(places, DISK))
    assert spec.disks[0].source == ContainerDisk(image=str(image), format="qcow2")
    image.write_bytes(bytes(512))
    assert standalone.specify(written(places, DISK)).disks[0].source.format == "raw"


def test_an_image_that_leads_elsewhere_is_refused(places: Path) -> None:
    header = b"QFI\xfb" + (3).to_bytes(4, "big") + (600).to_bytes(8, "big") + bytes(88)
    (places / "container-disks/disk_0.img").write_bytes(header)
    with pytest.raises(InvalidField, match="expected no backing file"):
        standalone.specify(written(places, DISK))


def test_secrets_are_read_where_they_are_mounted(places: Path) -> None:
    (places / "private/secret/keys").mkdir(parents=True)
    (places / "private/secret/keys/userdata").write_text("#cloud-config\n")
    volume = {"cloudInitNoCloud": {"secretRef": {"name": "keys"}}}
    assert standalone.specify(written(places, volume)).disks[0].source.user_data


def test_what_is_no_machine(
    places: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UsageError, match="holds no VirtualMachineInstance"):
        standalone.specify(written(places, DISK, "VirtualMachine"))
    assert standalone.run(["--vmi", str(tmp_path / "absent"), "--dir", str(tmp_path)]) == 1
    assert "error: cannot read" in capsys.readouterr().err
    assert standalone.run(["--vmi", str(written(places, DISK)), "--dir", str(tmp_path)]) == 1
    assert "is not at" in capsys.readouterr().err


def test_the_pods_resolver(tmp_path: Path) -> None:
    file = tmp_path / "resolv.conf"
    file.write_text(
        "nameserver 10.0.0.10\nsearch a.svc\nsearch b\nnameserver one two\n"
        " nameserver 10.0.0.11\noptions ndots:5\n"
    )
    found = standalone._resolver(file)
    assert found == Resolver(nameservers=("10.0.0.10",), search=("a.svc", "b"))
    assert standalone._resolver(tmp_path / "absent") == Resolver()
