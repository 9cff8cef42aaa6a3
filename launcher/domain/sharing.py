"""Directories that the guest mounts, and files that it finds in its firmware's configuration."""

from __future__ import annotations

from launcher.domain.element import Element, element
from launcher.domain.inputs import Inputs
from launcher.layout import INSIDE_PRIVATE, INSIDE_PUBLIC, inside_seed

_QUEUE_SIZE = 1024
_SOCKETS = INSIDE_PUBLIC / "virtiofs-containers"
_FIRMWARE_PIPE = INSIDE_PRIVATE / "QEMUSeaBiosDebugPipe"
_IGNITION = "opt/com.coreos/config"


def filesystems(inputs: Inputs) -> tuple[Element, ...]:
    """One ``<filesystem>`` for each directory, served by a process of its own over a socket."""
    return tuple(
        element(
            "filesystem",
            {"type": "mount", "accessMode": "passthrough"},
            element("source", {"dir": "", "socket": str(_SOCKETS / f"{shared.name}.sock")}),
            element("target", {"dir": shared.name}),
            element("driver", {"type": "virtiofs", "queue": _QUEUE_SIZE}),
        )
        for shared in inputs.spec.shared_directories
    )


def command_line(inputs: Inputs) -> tuple[Element, ...]:
    """QEMU arguments that libvirt has no element for: the Ignition file, the firmware's log."""
    spec = inputs.spec
    words: list[str] = []
    if spec.ignition:
        file = inside_seed(spec.namespace, spec.name, "data.ign")
        words += ["-fw_cfg", f"name={_IGNITION},file={file}"]
    if spec.firmware_log and inputs.x86:
        words += ["-chardev", f"file,id=firmwarelog,path={_FIRMWARE_PIPE}"]
        words += ["-device", "isa-debugcon,iobase=0x402,chardev=firmwarelog"]
    if not words:
        return ()
    return (element("qemu:commandline", None, *(element("qemu:arg", {"value": w}) for w in words)),)
