"""``launcher run --vmi FILE``: a machine from its manifest in a container of an ordinary pod.

Nothing of our control plane is needed. What a manifest names is where virt-launcher's pods have it:
container disks at ``/var/run/kubevirt/container-disks/disk_<i>.img`` (i is the volume's place in
``spec.volumes``), claims at ``/var/run/kubevirt-private/vmi-disks/<volume>/disk.img`` or
``/dev/<volume>``; config maps and secrets, by their names, in ``config-map`` and ``secret`` of
``/var/run/kubevirt-private``. All other words of the ``launcher`` command are the launcher's own.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import yaml

from launcher import __main__ as own
from launcher import layout, lifecycle
from launcher.errors import HostError, LauncherError
from launcher.layout import MachineLayout
from launcher.spec import Accelerator, MachineSpec, Resolver
from virtctl.errors import UsageError, VirtctlError
from virtctl.local.node.assumptions import admitted, instance_of
from virtctl.local.node.materials import ClaimPlace, DiskImage, TranslateFacts
from virtctl.local.node.translate import translate
from virtctl.local.runtime.podmanifest import claim_of
from virtctl.models import documents as doc
from virtctl.models.documents import Document

HOME = Path("/var/lib/virt-launcher")
_QCOW2 = b"QFI\xfb"
_BACKING = slice(8, 16)  # of a qcow2 header: where the backing file's name is, 0 for none


def main() -> None:
    """Run the ``launcher`` command."""
    if sys.argv[1:2] == ["run"] and any(word.startswith("--vmi") for word in sys.argv):
        raise SystemExit(run(sys.argv[2:]))
    own.main()


def run(arguments: Sequence[str]) -> int:
    """Run the machine of a manifest to its end; the exit code, 0 when it ended as it should."""
    parser = argparse.ArgumentParser(prog="launcher run", description=run.__doc__)
    parser.add_argument("--vmi", type=Path, required=True, help="the manifest, YAML or JSON")
    parser.add_argument("--dir", type=Path, default=HOME, help="where the machine's files go")
    asked = parser.parse_args(arguments)
    try:
        spec, facts = specify(asked.vmi), lifecycle.observe_facts()
        place = MachineLayout(
            root=asked.dir / spec.uid, uid=spec.uid, caps_cache=asked.dir / "cache"
        )
        return lifecycle.run_here(spec, place, facts)
    except (VirtctlError, LauncherError) as error:
        hint = f"; {error.hint}" if error.hint else ""
        sys.stderr.write(f"error: {error}{hint}\n")
    except OSError as error:
        sys.stderr.write(f"error: {error}\n")
    return 1


def specify(file: Path) -> MachineSpec:
    """The machine of a manifest in this pod. Raises ``VirtctlError`` for what cannot be made."""
    try:
        manifest = yaml.safe_load(file.read_text())
    except (OSError, yaml.YAMLError) as error:
        raise UsageError(f"cannot read `{file}`: {error}") from error
    if not isinstance(manifest, dict) or doc.text(manifest, "kind") != "VirtualMachineInstance":
        raise UsageError(f"`{file}` holds no VirtualMachineInstance")
    vmi = admitted(instance_of(manifest))
    usable = lifecycle.observe_facts().kvm_usable
    return translate(
        vmi,
        TranslateFacts(
            accelerator=Accelerator.KVM if usable else Accelerator.TCG,
            images=dict(_images(vmi)),
            claims=dict(_claims(vmi)),
            secrets=_Mounted("secret"),
            config_maps=_Mounted("config-map"),
            resolver=_resolver(Path("/etc/resolv.conf")),
        ),
    )


def _images(vmi: Document) -> Iterator[tuple[str, DiskImage]]:
    for index, volume in enumerate(doc.objects(vmi, "spec", "volumes")):
        if doc.find(volume, "containerDisk") is None:
            continue
        path = layout.inside_container_disk(index)
        try:
            with path.open("rb") as file:
                header = file.read(104)
        except OSError as error:
            name, why = doc.text(volume, "name"), error.strerror
            raise HostError(
                f"the image of the volume `{name}` is not at `{path}`: {why}"
            ) from error
        qcow2 = header.startswith(_QCOW2)
        backed = qcow2 and any(header[_BACKING])
        yield (
            doc.text(volume, "name"),
            DiskImage(
                path=str(path),
                format="qcow2" if qcow2 else "raw",
                backing_file="another file" if backed else "",
            ),
        )


def _claims(vmi: Document) -> Iterator[tuple[str, ClaimPlace]]:
    for volume in doc.objects(vmi, "spec", "volumes"):
        if claim := claim_of(volume):
            name = doc.text(volume, "name")
            device = layout.inside_block_device(name)
            file = device if device.is_block_device() else layout.inside_disk_image(name)
            yield claim, ClaimPlace(path=str(file), block=device.is_block_device())


class _Mounted(Mapping[str, Mapping[str, bytes]]):
    """Secrets or config maps as the kubelet has mounted them into the pod, each by its name."""

    def __init__(self, room: str) -> None:
        self._room = layout.INSIDE_PRIVATE / room

    def __getitem__(self, name: str) -> Mapping[str, bytes]:
        place = self._room / name
        if not name or not place.is_dir():
            raise KeyError(name)
        return {file.name: file.read_bytes() for file in place.iterdir() if file.is_file()}

    def __iter__(self) -> Iterator[str]:
        if self._room.is_dir():
            yield from (place.name for place in self._room.iterdir())

    def __len__(self) -> int:
        return len(list(iter(self)))


def _resolver(file: Path) -> Resolver:
    """What the pod's resolv.conf says, as KubeVirt's launcher reads it: all search lists count."""
    servers: list[str] = []
    search: list[str] = []
    for line in file.read_text().splitlines() if file.exists() else ():
        words = line.split()
        if line.startswith("nameserver") and len(words) == 2:
            servers.append(words[1])
        if line.startswith("search"):
            search += words[1:]
    return Resolver(nameservers=tuple(servers), search=tuple(search))


if __name__ == "__main__":
    main()
