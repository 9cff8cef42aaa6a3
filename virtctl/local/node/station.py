"""What the keepers of a node share, and how they wait for each other."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from virtctl.local.api.service import ApiService
from virtctl.local.node import gathering
from virtctl.local.node.books import Books
from virtctl.local.node.gathering import Surroundings
from virtctl.local.node.materials import DiskImage, TranslateFacts
from virtctl.local.node.multus import Multus
from virtctl.local.node.ports import Host
from virtctl.models.documents import Document


@dataclass(frozen=True, kw_only=True)
class Station:
    """What all keepers of a node share."""

    service: ApiService
    host: Host
    books: Books
    surroundings: Surroundings
    multus: Multus
    emulation_reason: str = ""

    async def gather(self, vmi: Document, images: Mapping[str, DiskImage]) -> TranslateFacts:
        """What a VMI only names; disks of its claims exist afterwards.

        Raises ``Missing``, ``InvalidField`` and ``LauncherError``.
        """
        facts = gathering.gather(self.service, vmi, images, self.surroundings)
        for claim in facts.claims.values():
            await self.host.make_disk(Path(claim.path), claim.capacity)
        return facts


class Pulse:
    """Wakes all who wait; whoever takes ``next`` before looking misses nothing."""

    def __init__(self) -> None:
        self.next: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def beat(self) -> None:
        """Something changed."""
        old, self.next = self.next, asyncio.get_running_loop().create_future()
        old.set_result(None)
