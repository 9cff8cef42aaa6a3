"""What a worker is told, what it tells, and the directory that both are in.

Files are written whole and renamed, so that a reader never sees half of one.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from virtctl.errors import LocalError

RUNNING, SUCCEEDED, REFUSED, FAILED = "Running", "Succeeded", "Refused", "Failed"


class Refused(LocalError):
    """The source will never do: trying again is of no use."""


class Source(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Where bytes come from.

    ``kind`` is http, s3, gcs, registry, blank, copy or upload; ``url`` a path for ``copy``.
    ``user`` and ``password`` are an S3 key and its secret, too. ``service_account`` is Google's
    JSON key, ``authority`` a CA in PEM, ``headers`` whole lines, ``checksum`` as in ``sha256:…``.
    ``store`` is the directory of the image store when a node pulls the image. The proxies are those
    of CDIConfig.
    """

    kind: str
    url: str = ""
    user: str = ""
    password: str = ""
    service_account: str = ""
    authority: str = ""
    headers: tuple[str, ...] = ()
    checksum: str = ""
    architecture: str = ""
    store: str = ""
    http_proxy: str = ""
    https_proxy: str = ""
    no_proxy: str = ""


class Job(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A disk to be filled: ``target`` is the file or block device, ``capacity`` its size in bytes.

    With ``archive`` a tar is unpacked beside ``target`` instead. ``name`` is the claim's, as
    ``NAMESPACE/NAME``.
    """

    name: str
    target: str
    capacity: int
    source: Source
    archive: bool = False
    preallocate: bool = False


class State(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """How far a job is. ``progress`` is from 0 to 1, negative while unknown."""

    phase: str = RUNNING
    progress: float = -1.0
    message: str = ""


class Desk:
    """A job's directory."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Only one at a time works on the job; the others wait."""
        with self._lock.open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    @contextmanager
    def try_turn(self) -> Iterator[bool]:
        """As ``turn``, but whoever would have to wait gets False."""
        with self._lock.open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            yield True

    @property
    def _lock(self) -> Path:
        return self.root / "lock"

    @property
    def notes(self) -> Path:
        """What a download needs to go on."""
        return self.root / "notes.json"

    def job(self) -> Job:
        """Raises ``LocalError`` when it cannot be read."""
        try:
            return msgspec.json.decode((self.root / "job.json").read_bytes(), type=Job)
        except (OSError, msgspec.MsgspecError) as error:
            raise LocalError(f"the job in `{self.root}` cannot be read: {error}") from error

    def state(self) -> State:
        """The last word of a worker; the first state when there is none."""
        try:
            return msgspec.json.decode((self.root / "state.json").read_bytes(), type=State)
        except (OSError, msgspec.MsgspecError):
            return State()

    def assign(self, job: Job) -> None:
        """Write a job, and forget the last worker's word. It may hold secrets."""
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        (self.root / "state.json").unlink(missing_ok=True)
        write(self.root / "job.json", msgspec.json.encode(job))

    def offer(self, job: Job) -> None:
        """As ``assign``, once nobody works on the job; one that succeeded stays as it is."""
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self.turn():
            if self.state().phase != SUCCEEDED:
                self.assign(job)

    def tell(self, state: State) -> None:
        """Write how far the job is."""
        write(self.root / "state.json", msgspec.json.encode(state))


def write(path: Path, data: bytes) -> None:
    """Write a file that only root may read, whole or not at all."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "wb") as file:
        file.write(data)
    draft.rename(path)
