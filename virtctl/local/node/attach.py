"""Reach into running machines and pods: console, screen, ports, guest requests, exec, logs.

Fulfils ``api.verbs.ports`` for all nodes of the instance, since all are on this machine.
"""

from __future__ import annotations

import asyncio
import base64
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from pathlib import Path

from launcher import hostnet, lifecycle
from launcher.errors import AgentError, HostError, LauncherError, LauncherGone
from launcher.layout import USB_CHANNELS, MachineLayout
from launcher.lifecycle import Command, Control
from virtctl.errors import (
    BadRequest,
    Conflict,
    InternalError,
    NotFound,
    ServiceUnavailable,
)
from virtctl.local.api.verbs.ports import ExecRequest, GuestAction, PodStream, Probes, Process
from virtctl.local.layout import InstanceLayout
from virtctl.local.node import guestfs, guestinfo, guestprogram, podsights, uploads
from virtctl.local.node.books import Subject, subject_of
from virtctl.local.node.ondisk import guest_place, place_of
from virtctl.local.node.resolver import reported_addresses
from virtctl.local.node.streams import SocketStream, dial_inside, dial_tcp, dial_udp
from virtctl.local.node.tail import follow_file
from virtctl.local.runtime import exporting
from virtctl.local.runtime.podmanifest import ATTENDED, COMPONENT, container_names
from virtctl.models.documents import (
    Document,
    JsonValue,
    name_of,
    namespace_of,
    strings,
    uid_of,
)
from virtctl.streams.duplex import Duplex
from virtctl.wire.quantities import QuantityError, parse_duration

_DIAL_PATIENCE = 10.0  # seconds
_HEALTH_PORT = 8443
_CONSOLE_HANDOVER = 2.0  # seconds that a former client has to leave
_SILENT = {
    GuestAction.PAUSE: Command.PAUSE,
    GuestAction.UNPAUSE: Command.UNPAUSE,
    GuestAction.RESET: Command.RESET,
    GuestAction.SOFT_REBOOT: Command.SOFT_REBOOT,
    GuestAction.FREEZE: Command.FREEZE,
    GuestAction.UNFREEZE: Command.UNFREEZE,
}


class _Places:
    """Where machines are on disk."""

    def __init__(self, layout: InstanceLayout) -> None:
        self._layout = layout

    def of(self, uid: str) -> MachineLayout:
        """The place of the guest of a VMI's uid."""
        return guest_place(self._layout, uid)

    def at(self, subject: Subject | None) -> MachineLayout:
        """The place of a pod's machine."""
        return place_of(self._layout, subject.machine if subject is not None else "")


_COMMANDS = {
    action: f"Internal error occurred: command {name} failed: "
    for action, name in ((GuestAction.FREEZE, "Freeze"), (GuestAction.UNFREEZE, "Unfreeze"))
}


class LocalMachines:
    """``ports.Machines`` on this machine. ``addresses`` tells where a VMI is reached."""

    def __init__(
        self,
        layout: InstanceLayout,
        addresses: Callable[[Document], tuple[str, ...]] = reported_addresses,
    ) -> None:
        self._places = _Places(layout)
        self._addresses = addresses
        self._consoles: dict[str, Duplex] = {}
        self._screens: dict[str, Duplex] = {}
        self._usb: dict[str, Duplex] = {}
        self._plugging = asyncio.Lock()

    async def act(self, vmi: Document, action: GuestAction, body: Document) -> JsonValue:
        """Carry out a request. Raises ``Conflict`` when it is refused, ``InternalError`` else."""
        control = await self._control(vmi)
        try:
            if action in _SILENT:
                await control.request(_SILENT[action], **_arguments(action, body))
                return None
            return await _ask(control, action)
        except AgentError as error:
            raise InternalError(f"{_COMMANDS.get(action, '')}{error}") from error
        except LauncherGone as error:
            raise _not_running(vmi) from error
        except LauncherError as error:
            raise Conflict(
                f'Operation cannot be fulfilled on virtualmachineinstance.kubevirt.io "'
                f'{name_of(vmi)}": {error}'
            ) from error

    async def console(self, vmi: Document) -> Duplex:
        """The serial console; an earlier client is ended."""
        return await self._take_over(self._consoles, vmi, serial=True)

    async def vnc(self, vmi: Document, *, preserve_session: bool) -> Duplex:
        """The screen; an earlier client is ended, unless ``preserve_session`` refuses that."""
        known = self._screens.get(uid_of(vmi))
        if preserve_session and known is not None:
            raise ServiceUnavailable(
                f'virtualmachineinstance.kubevirt.io "{name_of(vmi)}" has a VNC session already'
            )
        return await self._take_over(self._screens, vmi, serial=False)

    async def usbredir(self, vmi: Document) -> Duplex:
        """The first channel for a USB device that is free. Raises ``InternalError``."""
        uid = uid_of(vmi)
        async with self._plugging:
            for channel in range(USB_CHANNELS):
                session = f"{uid}/{channel}"
                if session in self._usb:
                    continue
                try:
                    opened = await lifecycle.open_usb(self._places.of(uid), channel)
                except LauncherError as error:
                    raise _not_running(vmi) from error
                stream = _Session(self._usb, session, SocketStream(*opened))
                self._usb[session] = stream
                return stream
        raise InternalError(
            "Internal error occurred: dialing virt-handler: websocket: bad handshake: "
            "all USB devices are in use"
        )

    async def _take_over(
        self, sessions: dict[str, Duplex], vmi: Document, *, serial: bool
    ) -> Duplex:
        uid = uid_of(vmi)
        former = sessions.pop(uid, None)
        if former is not None:
            await former.close()
        place = self._places.of(uid)
        connect = lifecycle.open_serial if serial else lifecycle.open_vnc
        try:
            async with asyncio.timeout(_CONSOLE_HANDOVER):
                stream = _Session(sessions, uid, SocketStream(*await connect(place)))
        except (LauncherError, TimeoutError) as error:
            raise _not_running(vmi) from error
        sessions[uid] = stream
        return stream

    async def screenshot(self, vmi: Document) -> bytes:
        """A PNG of the screen. Raises ``InternalError``."""
        control = await self._control(vmi)
        try:
            picture = await control.request(Command.SCREENSHOT)
        except LauncherError as error:
            raise InternalError(f"failed to take a screenshot: {error}") from error
        return base64.b64decode(str(picture))

    async def dial(self, vmi: Document, port: int, protocol: str) -> Duplex:
        """A connection to the machine's first address. Raises ``InternalError``."""
        addresses = self._addresses(vmi)
        if not addresses:
            raise InternalError(f"dialing VM: {name_of(vmi)} has no address yet")
        try:
            if protocol == "udp":
                return await dial_udp(addresses[0], port)
            return await dial_tcp(addresses[0], port, _DIAL_PATIENCE)
        except TimeoutError as error:
            raise InternalError(
                f"dialing VM: {addresses[0]}:{port} did not answer within {_DIAL_PATIENCE:g} s"
            ) from error
        except OSError as error:
            raise InternalError(f"dialing VM: {addresses[0]}:{port}: {error.strerror}") from error

    async def _control(self, vmi: Document) -> Control:
        try:
            return await lifecycle.connect(self._places.of(uid_of(vmi)))
        except LauncherError as error:
            raise _not_running(vmi) from error


class _Session:
    """A stream that forgets itself in ``sessions`` when it is closed."""

    def __init__(self, sessions: dict[str, Duplex], uid: str, inner: Duplex) -> None:
        self._sessions = sessions
        self._uid = uid
        self._inner = inner

    async def receive(self) -> bytes:
        """See ``Duplex``."""
        return await self._inner.receive()

    async def send(self, data: bytes) -> None:
        """See ``Duplex``."""
        await self._inner.send(data)

    async def close(self) -> None:
        """See ``Duplex``."""
        if self._sessions.get(self._uid) is self:
            del self._sessions[self._uid]
        await self._inner.close()


def _not_running(vmi: Document) -> BadRequest:
    return BadRequest(f"VMI is not running: no launcher answers for {name_of(vmi)}")


def _arguments(action: GuestAction, body: Document) -> dict[str, JsonValue]:
    if action is not GuestAction.FREEZE:
        return {}
    asked = body.get("unfreezeTimeout") or "5m"
    if isinstance(asked, (int, float)):  # a Go duration as JSON: nanoseconds
        return {"timeout": asked / 1e9}
    try:
        return {"timeout": parse_duration(str(asked)).total_seconds()}
    except QuantityError as error:
        raise BadRequest(f"`unfreezeTimeout` {asked!r} is no duration such as `5m`") from error


async def _ask(control: Control, action: GuestAction) -> JsonValue:
    state = await control.state()
    if not state.agent.connected:
        raise InternalError("VMI does not have guest agent connected")
    if action is GuestAction.USERS:
        return guestinfo.users(await control.request(Command.USERS))
    if action is GuestAction.FILESYSTEMS:
        return guestinfo.filesystems(await control.request(Command.FILESYSTEMS))
    users = await control.request(Command.USERS)
    filesystems = await control.request(Command.FILESYSTEMS)
    return guestinfo.system(state.agent, users, filesystems)


class LocalPods:
    """``ports.Pods`` on this machine. ``health`` opens port 8443 of the control plane's pods.

    ``disk`` finds the disk of a claim by namespace and name; it raises ``BadRequest``.
    """

    def __init__(
        self,
        layout: InstanceLayout,
        health: Callable[[], socket.socket] | None = None,
        network: hostnet.HostNetwork | None = None,
        disk: Callable[[str, str], Path] | None = None,
    ) -> None:
        self._layout = layout
        self._places = _Places(layout)
        self._health = health
        self._disk = disk or (lambda *place: layout.volumes.joinpath(*place, "disk.img"))
        self._network = network

    async def execute(self, pod: Document, request: ExecRequest) -> Process:
        """Start a program in a launcher pod. Raises ``BadRequest`` and ``InternalError``."""
        container = _container(pod, request.container)
        subject = subject_of(pod)
        if subject is None and guestfs.is_tools(pod):
            disk = self._disk(namespace_of(pod), guestfs.claim_of(pod))
            return await guestfs.attach(self._layout, pod, request, disk)
        if subject is None:
            raise BadRequest(f"pod {name_of(pod)} has no processes of its own to join")
        if container not in {"compute", "guest-console-log"}:
            raise BadRequest(
                f"container {container} of pod {name_of(pod)} has no programs; use `compute`"
            )
        if not request.command:
            raise BadRequest("you must specify at least 1 command for the container")
        place = self._places.at(subject)
        try:
            if request.command[0] == guestprogram.PROGRAM:
                asked = guestprogram.read(request.command[1:])
                return guestprogram.GuestProgram(await lifecycle.connect(place), asked)
            return await lifecycle.spawn_exec(
                place,
                request.command,
                tty=request.tty,
                stdin=request.stdin,
            )
        except LauncherGone as error:
            raise BadRequest(f"container {container} is not running: {error}") from error
        except HostError as error:
            raise InternalError(str(error)) from error

    def log(
        self, pod: Document, container: str, *, follow: bool, tail: int | None
    ) -> AsyncIterator[bytes]:
        """A container's log. Raises ``BadRequest`` and ``NotFound``, before anything is read."""
        path, over = self._log(pod, _container(pod, container))
        return follow_file(path, follow=follow, tail=tail, over=over)

    async def dial(self, pod: Document, port: int) -> PodStream:
        """A connection to a port of a launcher pod's loopback. Raises ``InternalError``."""
        is_component = COMPONENT in strings(pod, "metadata", "annotations")
        if is_component and port == _HEALTH_PORT and _is_upload_proxy(pod):
            return SocketStream(*await asyncio.open_connection(*uploads.address_of(self._layout)))
        if not is_component and port == _HEALTH_PORT and _is_export(pod):
            where = uploads.address_of(self._layout, exporting.RECORD)
            return SocketStream(*await asyncio.open_connection(*where))
        if is_component and port == _HEALTH_PORT and self._health is not None:
            return SocketStream(*await asyncio.open_connection(sock=self._health()))
        if subject_of(pod) is None:
            raise BadRequest(f"pod {name_of(pod)} has no network of its own to reach")
        last = "nothing was tried"
        for family in (socket.AF_INET, socket.AF_INET6):
            try:
                made = await asyncio.to_thread(hostnet.open_socket, name_of(pod), family)
                return await dial_inside(made, port, _DIAL_PATIENCE)
            except TimeoutError:
                last = f"no answer within {_DIAL_PATIENCE:g} s"
            except (OSError, HostError) as error:
                last = str(getattr(error, "strerror", None) or error)
        raise InternalError(f"failed to connect to localhost:{port} inside {name_of(pod)}: {last}")

    async def network(self, pod: Document, probes: Probes) -> Document:
        """What a pod's node sees of its network, and answers to probes. Raises ``ApiError``."""
        found = await podsights.look(self._reach(pod), pod, probes)
        return {**found, "leases": await self._leases(pod)}

    async def _leases(self, pod: Document) -> JsonValue:
        """What the launcher's DHCP servers saw; none of a launcher that does not answer."""
        subject = subject_of(pod)
        try:
            control = await lifecycle.connect(self._places.at(subject))
            found = await control.request(Command.LEASES)
        except LauncherError:
            return []
        return found if isinstance(found, list) else []  # one of an older version tells its state

    def capture(self, pod: Document, scope: str, link: str) -> AsyncGenerator[bytes, None]:
        """Frames that pass a link, as pcap. Raises ``BadRequest``, some of it when read."""
        return podsights.capture(self._reach(pod), pod, scope, link)

    def _reach(self, pod: Document) -> hostnet.HostNetwork:
        if subject_of(pod) is None or self._network is None:
            raise BadRequest(f"pod {name_of(pod)} has no network of its own to look at")
        return self._network

    def _log(self, pod: Document, container: str) -> tuple[Path, Callable[[], bool]]:
        if COMPONENT in strings(pod, "metadata", "annotations"):
            return self._layout.log, lambda: False
        subject = subject_of(pod)
        if subject is None:
            raise NotFound(f"pod {name_of(pod)} has no log: it never ran here")
        place = self._places.at(subject)
        if container == "compute":
            return place.log, lambda: not lifecycle.is_alive(place)
        if container == "guest-console-log":
            return place.serial_log, lambda: not lifecycle.is_alive(place)
        raise BadRequest(f"container {container} of pod {name_of(pod)} writes no log")


def _is_upload_proxy(pod: Document) -> bool:
    return strings(pod, "metadata", "labels").get("kubevirt.io") == "cdi-uploadproxy"


def _is_export(pod: Document) -> bool:
    return ATTENDED in strings(pod, "metadata", "annotations") and exporting.SERVICE_LABEL in (
        strings(pod, "metadata", "labels")
    )


def _container(pod: Document, asked: str) -> str:
    """The container meant: as asked for, else the default one. Raises ``BadRequest``."""
    names = container_names(pod)
    if not asked:
        marked = strings(pod, "metadata", "annotations")
        asked = marked.get("kubectl.kubernetes.io/default-container", "") or next(iter(names), "")
    if asked not in names:
        raise BadRequest(f"container {asked} is not valid for pod {name_of(pod)}")
    return asked
