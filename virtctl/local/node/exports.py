"""Listen for downloads of exports, and tell the export server what it may give.

The server is a process of its own, started when somebody connects. What is offered is a file for
each export that is ready; it goes when the export does, or when a guest takes one of its claims.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import shutil
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from virtctl.errors import ApiError
from virtctl.local import pki
from virtctl.local.api.service import ApiService
from virtctl.local.imports.job import write
from virtctl.local.imports.offers import Disk, Offer, certificate, place
from virtctl.local.layout import InstanceLayout
from virtctl.local.node import pods
from virtctl.local.node.gathering import Missing, claim_place
from virtctl.local.node.uploads import Certificate, announce, listen, serve, url_of
from virtctl.local.runtime import exporting, reconcile
from virtctl.local.runtime.changes import Create, delete, status_patch
from virtctl.local.runtime.clock import Clock, SystemClock
from virtctl.local.runtime.informer import Informer, Seen
from virtctl.local.runtime.owners import controller_reference
from virtctl.local.runtime.podmanifest import ATTENDED
from virtctl.models.documents import Document, name_of, namespace_of, strings, text
from virtctl.models.kinds import (
    EXPORT,
    NODE,
    POD,
    PVC,
    SECRET,
    SNAPSHOT,
    SNAPSHOT_CONTENT,
    VIRTUAL_MACHINE,
    VOLUME_SNAPSHOT,
    VOLUME_SNAPSHOT_CONTENT,
)

COMPONENT = "export-controller"
log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Inside:
    """How pods reach the server: sockets that listen for them, and an address of theirs."""

    listen: Callable[[], list[socket.socket]] = list
    address: str = ""


class Exports:
    """The export server of an instance, listening at ``host``."""

    name = "exports"

    def __init__(
        self, service: ApiService, layout: InstanceLayout, host: str, certificate: Certificate,
        authority: str, inside: Inside | None = None,
    ) -> None:  # fmt: skip
        self._service = service
        self._layout = layout
        self._host = host
        self._certificate = certificate
        self._authority = authority
        self._address = ""
        self._inside = inside or Inside()
        self._clock: Clock = SystemClock()

    async def run(self) -> None:
        """Listen, tell where, offer what is ready, and serve whoever comes, until cancelled."""
        await asyncio.to_thread(shutil.rmtree, self._layout.exports, ignore_errors=True)
        self._layout.exports.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Beside the uploads' address: this directory begins empty.
        self._layout.imports.mkdir(parents=True, exist_ok=True, mode=0o700)
        with listen(self._layout, self._host, exporting.RECORD) as listener:
            self._address = url_of(self._host, listener)
            doors = await asyncio.to_thread(self._inside.listen)
            try:
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(announce(self._service, exporting.ADDRESS, self._address))
                    tasks.create_task(Informer(self._service, EXPORT, self._seen).run())
                    for each in (listener, *doors):
                        home = self._layout.exports
                        tasks.create_task(serve(each, "--export", home, self._certificate))
            finally:
                for door in doors:
                    door.close()

    def _seen(self, seen: Seen) -> None:
        export = seen.latest
        path = place(self._layout.exports, namespace_of(export), name_of(export))
        if seen.new is None or not exporting.is_ready(export):
            path.unlink(missing_ok=True)
            self._end_pod(export)
            return
        try:
            offer = msgspec.json.encode(self._offer(export))
        except Missing as missing:
            log.warning("export %s: %s", name_of(export), missing)
            path.unlink(missing_ok=True)
            return
        path.parent.mkdir(exist_ok=True, mode=0o700)
        self._certify(export)
        if not path.exists() or path.read_bytes() != offer:
            write(path, offer)
        self._run_pod(export)

    def _certify(self, export: Document) -> None:
        """A certificate for the export's Service, once."""
        namespace, service = namespace_of(export), exporting.service_name(export)
        files = certificate(self._layout.exports, namespace, service)
        if not files[0].exists():
            host = f"{service}.{namespace}.svc"
            keys = pki.Pki(self._certificate.file.parent)
            pki.issue(keys, *files, (host, f"{host}.cluster.local"))

    def _run_pod(self, export: Document) -> None:
        """Show the pod behind the export's Service."""
        namespace, name = namespace_of(export), exporting.service_name(export)
        node = next((name_of(one) for one in self._service.list(NODE).items), "")
        if not node or self._service.find(POD, namespace, name) is not None:
            return
        made = exporting.build_pod(export, node, controller_reference(EXPORT, export))
        self._carry_out(Create(kind=POD, document=made))
        pod = self._service.find(POD, namespace, name)
        if pod is not None:
            addresses = (self._inside.address,) if self._inside.address else ()
            place_ = pods.Host(addresses=(), now=self._clock.now())
            for change in status_patch(POD, pod, pods.running(pod, place_, addresses)):
                self._carry_out(change)

    def _end_pod(self, export: Document) -> None:
        pod = self._service.find(POD, namespace_of(export), exporting.service_name(export))
        if pod is not None and ATTENDED in strings(pod, "metadata", "annotations"):
            self._carry_out(delete(POD, pod, grace=0))

    def _carry_out(self, change: reconcile.Doable) -> None:
        try:
            reconcile.carry_out(self._service, change, COMPONENT, self._clock.now())
        except ApiError as error:
            log.warning("pod of an export: %s", error)

    def _offer(self, export: Document) -> Offer:
        """What an export offers. Raises ``Missing``."""
        namespace = namespace_of(export)
        source = self._source(export)
        names = exporting.claim_names(export, source)
        claims = {one: self._service.find(PVC, namespace, one) for one in names}
        found = exporting.volumes(
            export, source, {one: claim for one, claim in claims.items() if claim is not None}
        )
        token = self._token(namespace, exporting.token_secret(export))
        disks = {one.name: self._disk(namespace, one) for one in found}
        machine = exporting.machine_of(export, source)
        manifests: dict[str, list[dict[str, object]]] = {}
        starts = {"": exporting.base(self._address, export)}
        starts["internal/"] = exporting.inner_base(export)
        for side, start in starts.items() if machine else ():
            whole = exporting.manifests(start, export, machine, found, self._authority)
            manifests[f"{side}all"] = [{**one} for one in whole]
            manifests[f"{side}secret"] = [{**exporting.header_manifest(export, token)}]
        service = exporting.service_name(export)
        return Offer(token=token, disks=disks, manifests=manifests, service=service)

    def _source(self, export: Document) -> Document:
        namespace = namespace_of(export)
        name = text(export, "spec", "source", "name")
        match text(export, "spec", "source", "kind"):
            case SNAPSHOT.name:
                snapshot = self._service.find(SNAPSHOT, namespace, name) or {}
                content = text(snapshot, "status", "virtualMachineSnapshotContentName")
                return self._service.find(SNAPSHOT_CONTENT, namespace, content) or {}
            case VIRTUAL_MACHINE.name:
                return self._service.find(VIRTUAL_MACHINE, namespace, name) or {}
            case _:
                return {}

    def _disk(self, namespace: str, volume: exporting.Volume) -> Disk:
        """Where a volume's disk is. Raises ``Missing``."""
        if volume.claim:
            found = claim_place(self._service, namespace, volume.claim)
            return Disk(path=found.path, is_tree=volume.is_tree, capacity=found.capacity)
        part = self._service.find(VOLUME_SNAPSHOT, namespace, volume.part) or {}
        bound = text(part, "status", "boundVolumeSnapshotContentName")
        content = self._service.find(VOLUME_SNAPSHOT_CONTENT, None, bound) or {}
        handle = text(content, "status", "snapshotHandle")
        if not handle or not Path(handle).resolve().is_relative_to(
            self._layout.snapshots.resolve()
        ):
            raise Missing(f"the copy of volumesnapshot {volume.part}")
        return Disk(path=handle)

    def _token(self, namespace: str, name: str) -> str:
        secret = self._service.find(SECRET, namespace, name) or {}
        try:
            token = base64.b64decode(text(secret, "data", "token"), validate=True).decode()
        except ValueError:
            token = ""
        if not token:
            raise Missing(f"secret {name} with a token")
        return token
