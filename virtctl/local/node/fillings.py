"""Fill claims: a worker process for each that has something to be put into it, followed to its end.

What a claim wants, and how far that is, stands in its annotations (``runtime.fillings``), so that a
daemon that starts again finds what is left to do. Uploads are taken by the upload proxy; here their
claims are made ready, and the outcome is read.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from virtctl.errors import ApiError, InvalidField
from virtctl.local.api.service import ApiService
from virtctl.local.imports.job import FAILED, REFUSED, RUNNING, SUCCEEDED, Desk, Job, Refused, State
from virtctl.local.layout import InstanceLayout
from virtctl.local.node import children
from virtctl.local.node.fillingjobs import Waiting, job_of
from virtctl.local.runtime import fillings, reconcile
from virtctl.local.runtime.changes import patch
from virtctl.local.runtime.clock import Clock
from virtctl.local.runtime.fillings import Progress
from virtctl.local.runtime.informer import Informer, Seen, key_of
from virtctl.local.runtime.owners import is_deleting
from virtctl.local.runtime.queue import Key
from virtctl.models.documents import Document, JsonValue, strings, text, uid_of
from virtctl.models.kinds import PVC

log = logging.getLogger(__name__)

COMPONENT = "import-controller"
_LOOK = 0.4  # seconds between two looks at how far a worker is
_PATIENCE = 2.0  # seconds between two looks for what is missing
_FIRST_BACKOFF, _LONGEST_BACKOFF = 10.0, 300.0  # a kubelet's for containers that end badly
_HEALTHY = 600.0  # seconds of work after which the kubelet's back-off begins anew
_AT_ONCE = 4  # workers


class Fillings:
    """Fills the claims of an instance."""

    name = "fillings"

    def __init__(
        self,
        service: ApiService,
        layout: InstanceLayout,
        clock: Clock,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """``pause`` lets the seconds between two tries pass."""
        self._pause = pause
        self._service = service
        self._layout = layout
        self._clock = clock
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def run(self) -> None:
        """Look after claims until cancelled; then the workers end, to go on some time later."""
        await self._sweep()
        informer = Informer(self._service, PVC, self._seen)
        try:
            await informer.run()
        finally:
            for task in self._tasks.values():
                task.cancel()
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _sweep(self) -> None:
        """Remove the jobs of claims that are gone."""
        known = {uid_of(claim) for claim in self._service.list(PVC).items}
        home = self._layout.imports
        entries = sorted(home.iterdir()) if home.is_dir() else []
        for entry in entries:
            if entry.is_dir() and entry.name not in known:
                await asyncio.to_thread(shutil.rmtree, entry, ignore_errors=True)

    def _seen(self, seen: Seen) -> None:
        claim = seen.latest
        uid = uid_of(claim)
        task = self._tasks.get(uid)
        if seen.new is None or is_deleting(claim):
            if task is not None:
                task.cancel()
        elif task is None and is_due(claim):
            task = asyncio.create_task(self._fill(key_of(claim), uid), name=f"filling {uid}")
            self._tasks[uid] = task
            task.add_done_callback(lambda done: self._ended(uid, done))

    def _ended(self, uid: str, task: asyncio.Task[None]) -> None:
        self._tasks.pop(uid, None)
        if not task.cancelled() and task.exception() is not None:
            log.error("%s failed", task.get_name(), exc_info=task.exception())

    async def _fill(self, key: Key, uid: str) -> None:
        """Work on one claim until it is filled, cannot be, or is gone."""
        desk = Desk(self._layout.imports / uid)
        # Bad ends under the daemon before this one count, too.
        failures = fillings.progress_of(self._claim(key, uid) or {}).restarts
        while (claim := self._claim(key, uid)) is not None:
            known = fillings.progress_of(claim)
            try:
                job = job_of(self._service, self._layout, claim)
            except Waiting as waiting:
                self._tell(claim, replace(known, running=False, ready=False, phase="Pending",
                                          reason=waiting.reason, message=str(waiting)))  # fmt: skip
                await asyncio.sleep(_PATIENCE)
                continue
            except (Refused, InvalidField) as error:
                log.warning("cannot fill %s: %s", "/".join(key), error)
                self._tell(claim, _refused(known, str(error)))
                return
            began = self._clock.now()
            state = await self._carry_out(key, uid, desk, job)
            if self._conclude(key, uid, state):
                await asyncio.to_thread(shutil.rmtree, desk.root, ignore_errors=True)
                return
            if job.source.kind != "upload":
                failures = 1 if self._clock.now() - began >= _HEALTHY else failures + 1
                await self._pause(backoff(failures))
        await asyncio.to_thread(shutil.rmtree, desk.root, ignore_errors=True)

    def _conclude(self, key: Key, uid: str, state: State) -> bool:
        """Tell how a worker ended; whether nothing more is to be done."""
        claim = self._claim(key, uid)
        if claim is None:
            return True
        known = fillings.progress_of(claim)
        is_upload = fillings.wanted(claim) == "upload"
        if state.phase == SUCCEEDED:
            log.info("filled %s: %s", "/".join(key), _DONE[fillings.wanted(claim)])
            self._tell(claim, Progress(phase="Succeeded", reason="Completed", share=1.0,
                                       message=_DONE[fillings.wanted(claim)],
                                       restarts=known.restarts))  # fmt: skip
            return True
        if state.phase == REFUSED and not is_upload:
            log.warning("cannot fill %s: %s", "/".join(key), state.message)
            self._tell(claim, _refused(known, state.message))
            return True
        message = state.message or "the worker ended without a word"
        log.warning("filling %s: %s", "/".join(key), message)
        self._tell(claim, replace(known, phase="Running", running=False, ready=False,
                                  reason="Error", message=f"Unable to process data: {message}",
                                  restarts=known.restarts + 1))  # fmt: skip
        return False

    async def _carry_out(self, key: Key, uid: str, desk: Desk, job: Job) -> State:
        """The last word about a job: of a worker of ours, or of the upload proxy."""
        await asyncio.to_thread(_make_place, Path(job.target))
        if job.source.kind == "upload":
            await asyncio.to_thread(desk.offer, job)
            self._progress(key, uid, State(), ready=True)
            return await self._follow(key, uid, desk, None)
        async with self._places:
            await asyncio.to_thread(desk.assign, job)
            self._progress(key, uid, State())
            worker = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "virtctl.local.imports", str(desk.root)
            )
            try:
                return await self._follow(key, uid, desk, worker)
            finally:
                await children.end(worker)

    async def _follow(
        self, key: Key, uid: str, desk: Desk, worker: asyncio.subprocess.Process | None
    ) -> State:
        told = State()
        ended = asyncio.ensure_future(worker.wait() if worker is not None else _never())
        try:
            while not ended.done():
                await asyncio.wait({ended}, timeout=_LOOK)
                state = await asyncio.to_thread(desk.state)
                if worker is None and state.phase != RUNNING:
                    return state
                if state != told and state.phase == RUNNING:
                    told = state
                    self._progress(key, uid, state, ready=worker is None)
        finally:
            ended.cancel()
        state = await asyncio.to_thread(desk.state)
        return State(phase=FAILED) if state.phase == RUNNING else state

    def _progress(self, key: Key, uid: str, state: State, *, ready: bool = False) -> None:
        claim = self._claim(key, uid)
        if claim is not None:
            restarts = fillings.progress_of(claim).restarts
            self._tell(claim, Progress(phase="Running", running=True, ready=ready,
                                       reason="Pod is running", share=state.progress,
                                       restarts=restarts))  # fmt: skip

    def _claim(self, key: Key, uid: str) -> Document | None:
        """The claim, as long as it is this one and to stay."""
        claim = self._service.find(PVC, *key)
        return claim if claim and uid_of(claim) == uid and not is_deleting(claim) else None

    def _tell(self, claim: Document, progress: Progress) -> None:
        marks = strings(claim, "metadata", "annotations")
        new: dict[str, JsonValue] = {
            name: value for name, value in progress.annotations().items()
            if marks.get(name) != value
        }  # fmt: skip
        if progress.phase == "Succeeded" and marks.get(fillings.PREALLOCATE) == "true":
            new[fillings.PREALLOCATED] = "true"
        if not new:
            return
        change = patch(PVC, claim, {"metadata": {"annotations": new}})
        try:
            reconcile.carry_out(self._service, change, COMPONENT, self._clock.now())
        except ApiError as error:
            log.warning("telling of %s: %s", "/".join(key_of(claim)), error)


_DONE = {
    "import": "Import Complete",
    "upload": "Upload Complete",
    "clone": "Clone Complete",
    "snapshot": "Clone Complete",
}


def _make_place(target: Path) -> None:
    """The directory of a claim's disk; a device has its place already."""
    if not target.is_block_device():
        target.parent.mkdir(parents=True, exist_ok=True)


def is_due(claim: Document) -> bool:
    """Whether something is to be put into a claim, and there is room for it."""
    if not fillings.wanted(claim) or text(claim, "status", "phase") != "Bound":
        return False
    return fillings.progress_of(claim).phase not in {"Succeeded", "Failed"}


def backoff(failures: int) -> float:
    """Seconds until the next try after so many bad ends in a row: 10, 20, 40, … 300."""
    # The exponent is bounded, for a count may be any number.
    return min(_FIRST_BACKOFF * 2.0 ** min(max(failures - 1, 0), 16), _LONGEST_BACKOFF)


def _refused(known: Progress, message: str) -> Progress:
    return replace(
        known, phase="Failed", running=False, ready=False, reason="Error",
        message=f"Unable to process data: {message}",
    )  # fmt: skip


async def _never() -> int:
    await asyncio.Event().wait()
    return 0
