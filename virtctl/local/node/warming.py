"""Probe QEMU in the background, so that the instance's first machine does not wait for it."""

from __future__ import annotations

import asyncio
import logging

from launcher import lifecycle
from launcher.errors import LauncherError
from virtctl.local.layout import InstanceLayout

log = logging.getLogger(__name__)


async def keep_warm(layout: InstanceLayout) -> None:
    """Fill the instance's cache of what QEMU can do, once; then wait for ever, as a job does."""
    try:
        if code := await asyncio.to_thread(lifecycle.warm(layout.caps_cache).wait):
            log.warning("QEMU was not probed (exit code %d): the first machine starts later", code)
    except LauncherError as error:
        log.warning("QEMU was not probed: %s", error)
    await asyncio.Event().wait()
