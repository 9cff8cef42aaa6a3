"""Answers of the guest agent in the shape of KubeVirt's subresources (api.md §2.2). Pure."""

from __future__ import annotations

from launcher.state import AgentState
from virtctl.models.documents import Document, JsonValue, find, items, objects, text

_API = "kubevirt.io/v1"


def system(agent: AgentState, users: JsonValue, filesystems: JsonValue) -> Document:
    """``guestosinfo``."""
    made: Document = {
        "apiVersion": _API,
        "kind": "VirtualMachineInstanceGuestAgentInfo",
        "guestAgentVersion": agent.version,
        "supportedCommands": [{"name": name, "enabled": True} for name in agent.commands],
        "hostname": agent.hostname,
        "os": {
            "name": agent.os.name,
            "kernelRelease": agent.os.kernel_release,
            "version": agent.os.version,
            "prettyName": agent.os.pretty_name,
            "versionId": agent.os.version_id,
            "kernelVersion": agent.os.kernel_version,
            "machine": agent.os.machine,
            "id": agent.os.id,
        },
        "timezone": agent.timezone,
        "userList": list(_users(users)),
        "fsInfo": {"disks": list(_filesystems(filesystems))},
    }
    if agent.frozen:
        made["fsFreezeStatus"] = "frozen"
    return made


def users(reported: JsonValue) -> Document:
    """``userlist``."""
    return {
        "apiVersion": _API,
        "kind": "VirtualMachineInstanceGuestOSUserList",
        "metadata": {},
        "items": list(_users(reported)),
    }


def filesystems(reported: JsonValue) -> Document:
    """``filesystemlist``."""
    return {
        "apiVersion": _API,
        "kind": "VirtualMachineInstanceFileSystemList",
        "metadata": {},
        "items": list(_filesystems(reported)),
    }


def _users(reported: JsonValue) -> list[JsonValue]:
    found: list[JsonValue] = []
    for one in objects({"users": reported}, "users"):
        entry: Document = {"userName": text(one, "user"), "loginTime": _login(one)}
        if text(one, "domain"):
            entry["domain"] = text(one, "domain")
        found.append(entry)
    return found


def _login(user: Document) -> JsonValue:
    return find(user, "login-time") or 0


def _filesystems(reported: JsonValue) -> list[JsonValue]:
    found: list[JsonValue] = []
    for one in objects({"filesystems": reported}, "filesystems"):
        entry: Document = {
            "diskName": text(one, "name"),
            "mountPoint": text(one, "mountpoint"),
            "fileSystemType": text(one, "type"),
            "usedBytes": find(one, "used-bytes") or 0,
            "totalBytes": find(one, "total-bytes") or 0,
        }
        disks: list[JsonValue] = [
            {"serial": text(disk, "serial"), "busType": text(disk, "bus-type")}
            for disk in objects(one, "disk")
        ]
        if items(one, "disk"):
            entry["disk"] = disks
        found.append(entry)
    return found
