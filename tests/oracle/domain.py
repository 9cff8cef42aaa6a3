"""Answers one recorded case: the domain XML of an admitted machine, on stdout.

    domain.py VMI.yaml FACTS.json [recorded]

With ``recorded`` the recording's own ``defaulted.yaml``, the manifest after admission, is taken
instead of our admission.
"""

from __future__ import annotations

import json
import sys
import uuid
from pathlib import Path

import yaml
from msgspec import structs

from launcher.domain import modes
from launcher.domain.builder import build_domain
from launcher.domain.modes import FileFacts
from launcher.errors import LauncherError
from launcher.facts import EfiFiles, HostCpu, HostFacts, NumaCell, NumaDistance
from launcher.spec import Accelerator, Claim, MachineSpec
from virtctl.errors import InvalidField, VirtctlError
from virtctl.local.api import admission, schema
from virtctl.local.api.context import AdmissionContext
from virtctl.local.api.defaults.roundtrip import canonical
from virtctl.local.api.defaults.schemas import fill
from virtctl.local.controllers.machine.instance import build
from virtctl.local.node.materials import BootImage, ClaimPlace, DiskImage, TranslateFacts
from virtctl.local.node.translate import translate
from virtctl.models import documents as doc
from virtctl.models import kinds

UID = "c0ffee00-0000-4000-8000-000000000001"
BINDINGS = frozenset({"masquerade", "bridge", "sriov", "passtBinding", "plugin", "sidecar"})
VERBOSE = 5  # of the launcher's log; above it the firmware speaks too


def admitted(path: Path, facts: dict) -> doc.Document:
    """The instance that a launcher would get of a manifest, by our own admission."""
    document = yaml.safe_load(path.read_text())
    for name, value in (("namespace", "default"), ("uid", UID)):
        document["metadata"].setdefault(name, value)
    context = AdmissionContext(
        configuration=facts.get("kubevirtConfig", {}),
        cluster_notes=facts.get("kubevirtAnnotations", {}),
        host_architecture=facts["arch"],
        now="2026-01-01T00:00:00Z",
        new_uuid=lambda: str(uuid.uuid4()),
    )
    admit = default_only if facts.get("admission") == "skip" else admission.admit
    if facts.get("skipDefaults"):
        document["spec"].setdefault("architecture", facts["arch"])
        return canonical(schema.shape_of_kind(kinds.VIRTUAL_MACHINE_INSTANCE), document)
    if document["kind"] == "VirtualMachine":
        document = admit(kinds.VIRTUAL_MACHINE, document, context)
        document = without_attached(build(document), document)
        document["metadata"]["uid"] = UID
    given = dict(document.get("status", {}))
    document = admit(kinds.VIRTUAL_MACHINE_INSTANCE, document, context)
    given.pop("phase", None)
    document["status"] = {**document.get("status", {}), **given}
    return document


def without_attached(instance: doc.Document, machine: doc.Document) -> doc.Document:
    """The recordings stop before the controller attaches the input device that is asked for."""
    own = doc.child(machine, "spec", "template", "spec", "domain", "devices")
    if not doc.items(own, "inputs"):
        doc.child(instance, "spec", "domain", "devices").pop("inputs", None)
    return instance


def default_only(kind: kinds.Kind, document: doc.Document, context: AdmissionContext):
    """The mutating webhook without the validating one."""
    shape = schema.shape_of_kind(kind)
    fill(shape, document)
    document = canonical(shape, document)
    admission.default(kind, document, context)
    return document


def recorded(path: Path, architecture: str) -> doc.Document:
    """The same as the recording has it, to compare the domain and not the admission."""
    document = yaml.safe_load(path.read_text())
    if document["kind"] == "VirtualMachine":
        inner = document["spec"]["template"]
        metadata = {"name": document["metadata"]["name"], **inner.get("metadata", {})}
        document = {"metadata": metadata, "spec": inner["spec"]}
    recorded = path.parent / "defaulted.yaml"
    if recorded.exists():
        answer = yaml.safe_load(recorded.read_text())
        document["metadata"] |= {k: v for k, v in answer["metadata"].items() if v}
        document["spec"], document["status"] = answer["spec"], answer.get("status", {})
    metadata = document["metadata"]
    metadata.setdefault("uid", UID)
    metadata.setdefault("namespace", "default")
    document["spec"].setdefault("architecture", architecture)
    return document


def claims(vmi: doc.Document, facts: dict) -> dict[str, ClaimPlace]:
    found = {}
    for volume in doc.objects(vmi, "spec", "volumes"):
        name = doc.text(volume, "name")
        inner = volume.get("persistentVolumeClaim") or volume.get("dataVolume")
        if "ephemeral" in volume:
            inner = volume["ephemeral"]["persistentVolumeClaim"]
        if inner:
            claim = inner.get("claimName") or inner.get("name")
            block = bool(facts.get("isBlock", {}).get(name))
            found[claim] = ClaimPlace(path=f"/claims/{claim}", block=block)
    return found


class Everything(dict):
    """Any secret or config map, with every key that a machine may ask for."""

    def __contains__(self, key: object) -> bool:
        return True

    def get(self, key, default=None):
        return self[key]

    def __getitem__(self, key):
        return {"userdata": b"#cloud-config\n", "networkdata": b"version: 2\n"}


def accelerator(facts: dict) -> Accelerator:
    direct = facts.get("hypervisor") == "hyperv-direct"
    if facts.get("kvm", True):
        return Accelerator.HYPERV if direct else Accelerator.KVM
    if facts.get("allowEmulation"):
        return Accelerator.TCG
    missing = "MSHV not present" if direct else "kvm not present and emulation is not allowed"
    raise InvalidField("facts", "kvm", missing)


def images(vmi: doc.Document, facts: dict) -> dict[str, DiskImage]:
    found = {
        doc.text(volume, "name"): DiskImage(path="/image", format="qcow2")
        for volume in doc.objects(vmi, "spec", "volumes")
    }
    for name, info in facts.get("disksInfo", {}).items():
        found[name] = DiskImage(
            path="/image",
            format=info["format"],
            virtual_size=info.get("virtualSize", 0),
            backing_file=info.get("backingFile", ""),
        )
    return found


def materials(vmi: doc.Document, facts: dict) -> TranslateFacts:
    config = dict(facts.get("kubevirtConfig", {}))
    developer = dict(config.get("developerConfiguration", {}))
    gates = set(developer.get("featureGates", ())) - {"VGADisplayForEFIGuests"}
    if not facts.get("bochsForEFI", True):  # the recordings' own switch, in place of the gate
        gates.add("VGADisplayForEFIGuests")
    config["developerConfiguration"] = {**developer, "featureGates": sorted(gates)}
    config["smbios"] = facts.get("smbios")
    config["memBalloonStatsPeriod"] = facts.get("memBalloonStatsPeriod", 10)
    options = dict(config.get("virtualMachineOptions", {}))
    if facts.get("freePageReportingDisabled"):
        options["disableFreePageReporting"] = {}
    if facts.get("serialConsoleLogDisabled"):
        options["disableSerialConsoleLog"] = {}
    config["virtualMachineOptions"] = options
    return TranslateFacts(
        accelerator=accelerator(facts),
        images=images(vmi, facts),
        boot_image=BootImage(),
        claims=claims(vmi, facts),
        secrets=Everything(),
        config_maps=Everything(),
        devices={key: tuple(value.split(",")) for key, value in facts.get("env", {}).items()},
        nic_devices=nic_devices(facts),
        config=config,
        bindings=BINDINGS,
        host_disks_replaced=facts.get("replacePVC", False),
        verbose_firmware=verbosity(facts) > VERBOSE,
    )


def verbosity(facts: dict) -> int:
    said = str(facts.get("env", {}).get("VIRT_LAUNCHER_LOG_VERBOSITY", ""))
    return int(said) if said.isdigit() else 0


def looked_at(spec: MachineSpec, facts: dict) -> MachineSpec:
    """What the launcher does once the disks' files are there."""
    full = facts.get("preallocatedVolumes", ())
    disks = (
        structs.replace(each, discard=False) if each.name in full else each for each in spec.disks
    )
    spec = structs.replace(spec, disks=tuple(disks))
    devices = {
        disk.name for disk in spec.disks if isinstance(disk.source, Claim) and disk.source.block
    }
    found = {
        name: FileFacts(
            direct_io=not set(paths) & set(facts.get("noDirectIO", ())),
            block=name in devices,
            preallocated=paths[0] in facts.get("preallocatedFiles", ()),
            block_size=4096,
        )
        for name, paths in modes.paths(spec).items()
    }
    if facts.get("stage") == "prestart":
        return modes.settle(spec, found)
    return modes.match_block_sizes(spec, found)


def nic_devices(facts: dict) -> dict[str, str]:
    text = facts.get("files", {}).get("/etc/podinfo/network-info")
    return {
        each["network"]: each["deviceInfo"]["pci"]["pci-address"]
        for each in (json.loads(text)["interfaces"] if text else ())
    }


def host(facts: dict, vmi: doc.Document) -> HostFacts:
    efi = facts.get("efi", {})
    as_root = not doc.integer(vmi, "status", "runtimeUser")
    cells = [
        NumaCell(
            id=cell.get("id", 0),
            cpus=tuple(
                HostCpu(id=cpu.get("id", 0), siblings=tuple(cpu.get("siblings", ())))
                for cpu in cell.get("cpus", ())
            ),
            distances=tuple(
                NumaDistance(id=each.get("id", 0), value=each.get("value", 0))
                for each in cell.get("distances", ())
            ),
        )
        for cell in facts.get("topology", {}).get("numa_cells", ())
    ]
    return HostFacts(
        kvm_usable=True,
        architecture=doc.text(vmi, "spec", "architecture"),
        efi=EfiFiles(
            directory=efi.get("dir") or "",
            files=tuple(efi.get("files") or ()),
            variables="/var/lib/libvirt/qemu/nvram" if as_root else "",
            auto_selection=facts.get("firmwareAutoSelection", False),
        ),
        cpuset=tuple(facts.get("cpuset", ())),
        numa_cells=tuple(cells),
        pci_nodes=facts.get("pciNodes", {}),
    )


def main(vmi_path: str, facts_path: str, mode: str = "") -> int:
    facts = json.loads(Path(facts_path).read_text())
    try:
        path = Path(vmi_path)
        vmi = recorded(path, facts["arch"]) if mode else admitted(path, facts)
        spec = looked_at(translate(vmi, materials(vmi, facts)), facts)
        sys.stdout.write(build_domain(spec, host(facts, vmi)))
    except (VirtctlError, LauncherError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
