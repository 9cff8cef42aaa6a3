"""A worker: from a job to a disk, telling how far it is."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from virtctl.errors import VirtctlError
from virtctl.local.imports import web
from virtctl.local.imports.detours import Detours
from virtctl.local.imports.filling import Filling, Landed, Notes
from virtctl.local.imports.job import FAILED, REFUSED, SUCCEEDED, Desk, Job, Refused, Source, State
from virtctl.local.imports.unpacking import pieces
from virtctl.local.imports.web import Download, Request

_TELL = 0.3  # seconds between two words of progress


class Teller:
    """Writes progress down, not too often."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._last = 0.0

    def __call__(self, progress: float) -> None:
        now = time.monotonic()
        if now - self._last >= _TELL:
            self._last = now
            self._desk.tell(State(progress=round(progress, 4)))


def work(desk: Desk) -> State:
    """Do the job of ``desk``; how it ended is told there, and returned."""
    filling: Filling | None = None
    try:
        job = desk.job()
        filling = Filling(job, desk, Teller(desk))
        fill(job, filling)
        state = State(phase=SUCCEEDED, progress=1.0)
    except Refused as error:
        state = State(phase=REFUSED, message=_sentence(error))
        if filling is not None:
            filling.clear()
    except VirtctlError as error:
        state = State(phase=FAILED, message=_sentence(error))
    desk.tell(state)
    return state


def fill(job: Job, filling: Filling) -> None:
    """Fill the disk. Raises ``Refused`` for what will never do, else ``LocalError``."""
    if filling.is_done():
        filling.clear()
        return
    kind = job.source.kind
    if kind == "blank":
        filling.blank()
    elif kind == "copy":
        filling.copy_disk(Path(job.source.url))
    elif kind == "registry":
        from virtctl.local.imports import registries

        registries.fetch(job, filling)
    else:
        filling.complete(_download(filling, _request(job)))


def _request(job: Job) -> Request:
    source = job.source
    makers: dict[str, Callable[[], Request]] = {
        "http": lambda: Request(
            url=source.url,
            headers=web.header_lines(source.headers) | web.basic(source.user, source.password),
            authority=source.authority,
        ),
        "s3": lambda: _stored(source),
        "gcs": lambda: _stored(source),
    }
    make = makers.get(source.kind)
    if make is None:
        raise Refused(f"there is no source `{source.kind}`")
    detours = Detours(http=source.http_proxy, https=source.https_proxy, without=source.no_proxy)
    return replace(make(), detours=detours)


def _stored(source: Source) -> Request:
    # A worker that needs no signatures starts sooner without their code.
    from virtctl.local.imports import objectstores

    return objectstores.gcs(source) if source.kind == "gcs" else objectstores.s3(source)


def _download(filling: Filling, request: Request) -> Landed:
    notes = filling.resumable(request.url)
    download = Download(request, notes.offset if notes else 0, notes.tag if notes else "")
    with closing(download):
        kept = Notes(url=request.url, tag=download.tag, offset=download.begins)
        return filling.land(pieces(download), download.total, kept)


def _sentence(error: VirtctlError) -> str:
    return f"{error}; {error.hint}" if error.hint else str(error)
