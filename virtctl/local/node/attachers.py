"""Who makes a pod's link to a secondary network: the CNI's plugins, or one of our own making.

``Attachers`` is the table from plugin types to those who are no plugins; whatever is not in it is
run as a plugin.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from launcher.hostnet import LinkAsk, LinkMade
from virtctl.local.node.ports import Host
from virtctl.models.documents import Document

PLUGINS = "cni"


class Attacher(Protocol):
    """Makes links of one kind. All methods raise ``LauncherError``.

    Before ``add`` the ask is written down, so that ``delete`` can come for a link that was begun
    and not ended, in another process and without the pod's object. What ``add`` leaves behind when
    it fails is removed by ``delete``, which is called then.
    """

    async def add(self, pod: Document, nad: Document, interface: str, request: LinkAsk) -> LinkMade:
        """Make the link ``interface`` in the pod's network namespace, ``request.netns``."""

    async def check(self, request: LinkAsk) -> None:
        """Raise when the link is not as it was made."""

    async def delete(self, request: LinkAsk) -> None:
        """Take the link away; may be repeated, and the pod's namespace may be gone."""


Attachers = Mapping[str, Attacher]
"""By the type of the first plugin of a network's configuration; ``PLUGINS`` is the default."""


class PluginAttacher:
    """Runs the CNI's plugins on the node."""

    def __init__(self, host: Host) -> None:
        self._host = host

    async def add(self, pod: Document, nad: Document, interface: str, request: LinkAsk) -> LinkMade:
        """ADD, by all plugins of the list."""
        del pod, nad, interface
        return await self._host.add_link(request)

    async def check(self, request: LinkAsk) -> None:
        """CHECK, by all plugins of the list."""
        await self._host.check_link(request)

    async def delete(self, request: LinkAsk) -> None:
        """DEL, by all plugins of the list."""
        await self._host.delete_link(request)
