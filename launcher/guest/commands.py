"""The guest agent's commands as typed requests and replies.

A ``Command`` pairs a name with the type of its reply; ``parse`` turns JSON into it. Replies keep
the fields that we use and ignore the rest, so that newer agents do no harm. Names and fields are
those of QEMU's qga/qapi-schema.json.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec

from launcher.errors import AgentError
from launcher.guest.protocol import parse_reply

_T_co = TypeVar("_T_co", covariant=True)

REQUIRED = (
    "guest-ping",
    "guest-get-time",
    "guest-info",
    "guest-shutdown",
    "guest-network-get-interfaces",
    "guest-get-fsinfo",
    "guest-get-host-name",
    "guest-get-users",
    "guest-get-timezone",
    "guest-get-osinfo",
)
"""What an agent must know to count as supported (KubeVirt's base set)."""


class _Reply(msgspec.Struct, frozen=True, kw_only=True, rename="kebab"):
    """Base of replies."""


class SupportedCommand(_Reply, frozen=True, kw_only=True):
    """A command that the agent knows, and whether it may be called."""

    name: str
    enabled: bool = True


class Info(_Reply, frozen=True, kw_only=True):
    """``guest-info``: version and commands."""

    version: str = ""
    supported_commands: tuple[SupportedCommand, ...] = msgspec.field(
        name="supported_commands", default=()
    )

    @property
    def enabled(self) -> tuple[str, ...]:
        """Names of the commands that the agent carries out."""
        return tuple(each.name for each in self.supported_commands if each.enabled)


class HostName(_Reply, frozen=True, kw_only=True):
    """``guest-get-host-name``."""

    host_name: str = ""


class TimeZone(_Reply, frozen=True, kw_only=True):
    """``offset`` is in seconds east of UTC."""

    zone: str = ""
    offset: int = 0


class OsInfo(_Reply, frozen=True, kw_only=True):
    """``guest-get-osinfo``, as in os-release(5)."""

    name: str = ""
    kernel_release: str = ""
    version: str = ""
    pretty_name: str = ""
    version_id: str = ""
    kernel_version: str = ""
    machine: str = ""
    id: str = ""


class IpAddress(_Reply, frozen=True, kw_only=True):
    """``ip_address_type`` is ipv4 or ipv6, ``prefix`` its length in bits."""

    ip_address: str
    ip_address_type: str = "ipv4"
    prefix: int = 0


class Interface(_Reply, frozen=True, kw_only=True):
    """A link of the guest, as ``guest-network-get-interfaces`` tells it."""

    name: str
    hardware_address: str = ""
    ip_addresses: tuple[IpAddress, ...] = ()


class User(_Reply, frozen=True, kw_only=True):
    """``login_time`` is in seconds since the epoch."""

    user: str
    domain: str = ""
    login_time: float = 0.0


class FilesystemDisk(_Reply, frozen=True, kw_only=True):
    """A disk under a file system of the guest."""

    serial: str = ""
    bus_type: str = ""


class Filesystem(_Reply, frozen=True, kw_only=True):
    """Sizes are in bytes."""

    name: str = ""
    mountpoint: str = ""
    type: str = ""
    used_bytes: int = 0
    total_bytes: int = 0
    disk: tuple[FilesystemDisk, ...] = ()


class Done(_Reply, frozen=True, kw_only=True):
    """Of a command that answers with nothing."""


class Started(_Reply, frozen=True, kw_only=True):
    """A program that was started; ``pid`` is the guest's."""

    pid: int


class ExecStatus(_Reply, frozen=True, kw_only=True):
    """How a program is doing; output is base64 and there once it has exited."""

    exited: bool
    exitcode: int = 0
    signal: int = 0
    out_data: bytes = b""
    err_data: bytes = b""
    out_truncated: bool = False
    err_truncated: bool = False


@dataclass(frozen=True)
class Command(Generic[_T_co]):
    """A command of the agent and what it answers with."""

    name: str
    reply: type[_T_co]

    def parse(self, text: str | bytes) -> _T_co:
        """Read an answer; raises ``AgentError`` when refused or not of the expected shape."""
        result = parse_reply(text)
        try:
            return msgspec.json.decode(result, type=self.reply)
        except msgspec.DecodeError as error:
            raise AgentError(f"the guest agent's answer to `{self.name}`: {error}") from None


INFO = Command("guest-info", Info)
HOST_NAME = Command("guest-get-host-name", HostName)
TIME_ZONE = Command("guest-get-timezone", TimeZone)
OS_INFO = Command("guest-get-osinfo", OsInfo)
INTERFACES = Command("guest-network-get-interfaces", tuple[Interface, ...])
USERS = Command("guest-get-users", tuple[User, ...])
FILESYSTEMS = Command("guest-get-fsinfo", tuple[Filesystem, ...])
FREEZE_STATUS = Command("guest-fsfreeze-status", str)
FREEZE = Command("guest-fsfreeze-freeze", int)
THAW = Command("guest-fsfreeze-thaw", int)
PING = Command("guest-ping", Done)
EXEC = Command("guest-exec", Started)
EXEC_STATUS = Command("guest-exec-status", ExecStatus)
ADD_SSH_KEYS = Command("guest-ssh-add-authorized-keys", Done)
SET_PASSWORD = Command("guest-set-user-password", Done)
