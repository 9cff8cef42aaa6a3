"""A ``VirtualMachineExport``: find out what to download, remove."""

from __future__ import annotations

from base64 import b64decode
from typing import NamedTuple

from virtctl.client import resources
from virtctl.client.rest import Rest
from virtctl.errors import InvalidField, NotFound, UsageError, VirtctlError
from virtctl.models.documents import Document, child, find, objects, text
from virtctl.models.kinds import EXPORT, SECRET

_COMPRESSED, _PLAIN = ("gzip", "tar.gz"), ("raw", "dir")


class Link(NamedTuple):
    """Something to download; ``authority`` is the CA of its server in PEM, ``name`` a volume's."""

    url: str
    authority: bytes
    compressed: bool = False
    name: str = ""


def remove(rest: Rest, namespace: str, name: str) -> bool:
    """Delete the export; returns whether there was one."""
    try:
        resources.delete(rest, EXPORT, namespace, name)
    except NotFound:
        return False
    return True


def held_token(rest: Rest, namespace: str, export: Document) -> str:
    """The token of an export, out of its Secret. Raises ``VirtctlError`` when there is none."""
    name = text(export, "status", "tokenSecretRef") or text(export, "spec", "tokenSecretRef")
    secret = resources.get(rest, SECRET, namespace, name)
    held = text(secret, "data", "token")
    if not held:
        raise VirtctlError(f"secret {namespace}/{name} holds no token")
    return b64decode(held).decode()


def service(export: Document) -> str:
    """The Service in front of the export server."""
    return text(export, "status", "serviceName")


def stage(export: Document, side: str) -> str:
    """Why the links of ``side`` (external, internal) are not there yet; empty when they are."""
    phase = text(export, "status", "phase")
    if phase == "Ready" and find(export, "status", "links", side):
        return ""
    if phase == "Skipped":
        return "there is nothing in it to export"
    for condition in objects(export, "status", "conditions"):
        if text(condition, "type") == "Ready" and text(condition, "status") != "True":
            reason = text(condition, "message") or text(condition, "reason")
            if reason:
                return f"phase {phase or 'Pending'}, {reason}"
    missing = f", no {side} link" if phase == "Ready" else ""
    return f"phase {phase or 'Pending'}{missing}"


def volume_link(export: Document, side: str, volume: str) -> Link:
    """The volume to download, compressed where it can be; the only one, whatever it is called.

    Raises ``UsageError`` when several could be meant, ``VirtctlError`` when there is none.
    """
    links = child(export, "status", "links", side)
    volumes = {text(one, "name"): one for one in objects(links, "volumes")}
    known = ", ".join(volumes)
    if volume and volume not in volumes and len(volumes) != 1:
        raise VirtctlError(f"there is no volume {volume} in the export; it has: {known or 'none'}")
    if not volume and len(volumes) > 1:
        raise UsageError(f"the export has several volumes: {known}", "choose one with --volume")
    if not volumes:
        raise VirtctlError("the export has no volume")
    name = volume if volume in volumes else next(iter(volumes))
    chosen = volumes[name]
    urls = {text(one, "format"): text(one, "url") for one in objects(chosen, "formats")}
    for kind in (*_COMPRESSED, *_PLAIN):
        if urls.get(kind):
            return Link(urls[kind], _authority(links), kind in _COMPRESSED, name)
    raise VirtctlError(f"volume {text(chosen, 'name')} is offered in no format that we know")


def manifest_link(export: Document, side: str, kind: str) -> Link:
    """The manifest of ``kind``: all, auth-header-secret or oci. Raises ``VirtctlError``."""
    links = child(export, "status", "links", side)
    for one in objects(links, "manifests"):
        if text(one, "type") == kind:
            return Link(text(one, "url"), _authority(links))
    raise VirtctlError(f"the export offers no manifest of type {kind}")


def _authority(links: Document) -> bytes:
    try:
        return text(links, "cert").encode()
    except InvalidField:
        return b""
