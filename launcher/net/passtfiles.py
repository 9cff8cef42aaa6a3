"""How many files passt opens to listen for a guest: one for each port, whatever comes to it.

Measured with passt 2023 to 2025: below the number it needs it ends, and QEMU's start with it.
"""

from __future__ import annotations

from launcher.errors import SpecError
from launcher.spec import MachineSpec, Nic, Passt

_PORTS = 1 << 16
_OWN_FILES = 128
"""Files that passt has besides its ports; 40 to 70 were seen."""


def check_files(spec: MachineSpec, *, allowed: int, ephemeral: range) -> None:
    """Raise ``SpecError`` when passt would need more open files than a process may have.

    ``ephemeral`` are the ports that the kernel gives to clients, which passt leaves alone when it
    is to listen at all ports.
    """
    for nic in spec.nics:
        if not isinstance(nic.binding, Passt) or nic.state == "absent":
            continue
        needed = _needed(nic, ephemeral)
        if needed > allowed:
            at = f"at {len(nic.ports)} lists of ports" if nic.ports else "at all ports"
            raise SpecError(
                f"interfaces[{nic.name}].ports",
                f"passt listens {at}, which takes {needed} open files, "
                f"and a process here may have {allowed}",
                "declare the ports that the guest serves, or allow more open files (`ulimit -Hn`; "
                "as root with CAP_SYS_RESOURCE the limit is raised by itself)",
            )


def _needed(nic: Nic, ephemeral: range) -> int:
    if not nic.ports:
        return _OWN_FILES + 2 * (_PORTS - len(ephemeral))
    return _OWN_FILES + sum((port.last or port.port) - port.port + 1 for port in nic.ports)
