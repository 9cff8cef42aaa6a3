"""Who may open a console, VNC or a port-forward, and where it leads.

All refusals come before the stream is opened, so that HTTP can answer them with a ``Status``.
"""

from __future__ import annotations

from virtctl.errors import ApiError, BadRequest
from virtctl.local.api.service import ApiService
from virtctl.local.api.verbs import instances, refusals
from virtctl.local.api.verbs.ports import Machines
from virtctl.models import documents
from virtctl.models.documents import Document
from virtctl.models.kinds import VIRTUAL_MACHINE_INSTANCE
from virtctl.streams.duplex import Duplex

_LAST_PORT = 65535
_PROTOCOLS = ("tcp", "udp")


class Attach:
    """The streaming verbs of machines and instances."""

    def __init__(self, service: ApiService, machines: Machines) -> None:
        self._service = service
        self._machines = machines

    async def console(self, namespace: str, name: str) -> Duplex:
        """The serial console. Raises ``ApiError``."""
        vmi = instances.instance(self._service, namespace, name)
        devices = documents.child(vmi, "spec", "domain", "devices")
        if not documents.flag(devices, "autoattachSerialConsole", default=True):
            raise BadRequest("No serial consoles are present.")
        _check_running(vmi, name)
        return await self._machines.console(vmi)

    async def vnc(self, namespace: str, name: str, *, preserve_session: bool) -> Duplex:
        """The VNC stream; 503 when a session is open that must be kept. Raises ``ApiError``."""
        vmi = self._with_graphics(namespace, name)
        return await self._machines.vnc(vmi, preserve_session=preserve_session)

    async def screenshot(self, namespace: str, name: str) -> bytes:
        """A PNG of the screen. Raises ``ApiError``."""
        return await self._machines.screenshot(self._with_graphics(namespace, name))

    def _with_graphics(self, namespace: str, name: str) -> Document:
        vmi = instances.instance(self._service, namespace, name)
        devices = documents.child(vmi, "spec", "domain", "devices")
        if not documents.flag(devices, "autoattachGraphicsDevice", default=True):
            raise BadRequest("No graphics devices are present.")
        _check_running(vmi, name)
        return vmi

    async def portforward(self, plural: str, namespace: str, name: str, target: str) -> Duplex:
        """A connection to the guest; ``target`` is ``PORT`` or ``PORT/tcp|udp``."""
        if plural == "virtualmachines":
            vmi = instances.instance_of_machine(self._service, namespace, name)
        else:
            vmi = instances.instance(self._service, namespace, name)
        if instances.has_condition(vmi, "Paused"):
            raise refusals.conflict(VIRTUAL_MACHINE_INSTANCE, name, "VMI is paused")
        if instances.phase(vmi) != "Running":
            raise refusals.conflict(VIRTUAL_MACHINE_INSTANCE, name, "VMI is not running")
        if not documents.items(vmi, "status", "interfaces"):
            raise BadRequest(f'no network interfaces are reported of "{name}"')
        return await self._machines.dial(vmi, *parse_target(target))

    async def usbredir(self, namespace: str, name: str) -> Duplex:
        """A channel for a client's USB device. Raises ``ApiError``."""
        vmi = instances.instance(self._service, namespace, name)
        if documents.find(vmi, "spec", "domain", "devices", "clientPassthrough") is None:
            raise refusals.conflict(
                VIRTUAL_MACHINE_INSTANCE, name, "Not configured with USB Redirection"
            )
        if instances.phase(vmi) != "Running":
            raise BadRequest("VMI is not running")
        return await self._machines.usbredir(vmi)

    def refuse(self, namespace: str, name: str, verb: str) -> ApiError:
        """Why ``vsock`` is not to be had."""
        vmi = instances.instance(self._service, namespace, name)
        if not documents.flag(vmi, "spec", "domain", "devices", "autoattachVSOCK"):
            return BadRequest("VSOCK is not attached.")
        return refusals.not_served(f"virtualmachineinstances/{verb}")


def _check_running(vmi: Document, name: str) -> None:
    if instances.phase(vmi) == "Failed":
        raise refusals.conflict(VIRTUAL_MACHINE_INSTANCE, name, "VMI is in failed status")
    if instances.phase(vmi) != "Running":
        raise BadRequest("VMI is not running")


def parse_target(target: str) -> tuple[int, str]:
    """Port and protocol of ``PORT[/PROTOCOL]``. Raises ``InternalError``, as dialing would."""
    text, _, protocol = target.partition("/")
    protocol = protocol or "tcp"
    if protocol not in _PROTOCOLS:
        raise refusals.internal(f"dialing VM: dial {protocol}: unknown network {protocol}")
    if not text.isdecimal():
        raise refusals.internal(
            f"dialing VM: dial {protocol}: lookup {protocol}/{text}: unknown port"
        )
    if int(text) > _LAST_PORT:
        raise refusals.internal(f"dialing VM: dial {protocol}: address {text}: invalid port")
    if not int(text):
        raise refusals.internal(f"dialing VM: dial {protocol}: connection refused")
    return int(text), protocol
