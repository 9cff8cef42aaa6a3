"""What was found when the image of a DataImportCron was looked for: CDI's annotations on it."""

from __future__ import annotations

from virtctl.local.runtime.times import seconds, stamp
from virtctl.models.documents import Document, JsonValue, strings

_IMPORT = "cdi.kubevirt.io/storage.import."
DESIRED = f"{_IMPORT}sourceDesiredDigest"
POLLED = f"{_IMPORT}lastCronTime"


def desired(cron: Document) -> str:
    """The digest of the image's newest version; empty while it is unknown."""
    return strings(cron, "metadata", "annotations").get(DESIRED, "")


def polled(cron: Document) -> float:
    """When it was last looked for, in Unix seconds; 0 for never."""
    found = strings(cron, "metadata", "annotations").get(POLLED, "")
    return seconds(found) if found else 0.0


def found(digest: str, now: float) -> Document:
    """A merge patch that tells of a look; an empty digest leaves what is known."""
    marks: dict[str, JsonValue] = {POLLED: stamp(now)}
    if digest:
        marks[DESIRED] = digest
    return {"metadata": {"annotations": marks}}


def without_version(url: str) -> str:
    """An image's reference without its tag and digest."""
    name = url.partition("@")[0]
    head, slash, last = name.rpartition("/")
    return f"{head}{slash}{last.partition(':')[0]}"
