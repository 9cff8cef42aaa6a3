"""``<launchSecurity>``: guests whose memory the host cannot read."""

from __future__ import annotations

from launcher.domain.element import Element, element
from launcher.domain.inputs import Inputs

# AMD SEV policy bits: no debugging; encrypted register state. SNP: no debugging, multithreading.
_SEV_NO_DEBUG, _SEV_ES = 0x1, 0x4
_SNP_POLICY = 0x30000


def launch_security(inputs: Inputs) -> tuple[Element, ...]:
    """The element of amd64; on s390x the hypervisor needs none."""
    asked = inputs.spec.launch_security
    if asked is None or not inputs.x86:
        return ()
    match asked.kind:
        case "sev" | "sev-es":
            policy = _SEV_NO_DEBUG | (_SEV_ES if asked.kind == "sev-es" else 0)
            parts = (
                element("dhCert", text=asked.dh_cert) if asked.dh_cert else None,
                element("session", text=asked.session) if asked.session else None,
                element("policy", text=f"{policy:#x}"),
            )
            return (element("launchSecurity", {"type": "sev"}, *parts),)
        case "sev-snp":
            return (
                element(
                    "launchSecurity",
                    {"type": "sev-snp"},
                    element("policy", text=f"{_SNP_POLICY:#x}"),
                ),
            )
        case _:
            quotes = element("quoteGenerationService", {"path": asked.quote_socket or None})
            return (element("launchSecurity", {"type": asked.kind}, quotes),)
