"""What ``image-upload`` uploads to: found or made, and waited for until its server listens."""

from __future__ import annotations

from typing import NamedTuple

from virtctl.cli.session import Session
from virtctl.cli.verbs import doing
from virtctl.client import resources
from virtctl.errors import AlreadyExists, NotFound, UsageError, VirtctlError, WaitTimeout
from virtctl.manifests import upload
from virtctl.models.documents import Document, child, name_of, strings, text, uid_of
from virtctl.models.kinds import DATA_SOURCE, DATA_VOLUME, EVENT, PVC, STORAGE_CLASS
from virtctl.wire.quantities import QuantityError, parse_quantity

POLL = 2.0
_STORAGE = "cdi.kubevirt.io/storage."
_PHASE, _READY = f"{_STORAGE}pod.phase", f"{_STORAGE}pod.ready"
_POPULATOR, _PRIME = f"{_STORAGE}usePopulator", f"{_STORAGE}populator.pvcPrime"
_UNBOUND = frozenset({"WaitForFirstConsumer", "PendingPopulation"})


class Place(NamedTuple):
    """What to upload to. ``volume`` is whether it is a DataVolume; else it is a bare claim."""

    name: str
    volume: bool
    wish: upload.Wish
    create: bool = True


class Target:
    """One target, in the session's namespace."""

    def __init__(self, session: Session, place: Place) -> None:
        self.session = session
        self.place = place
        self.name = place.name
        self.namespace = session.namespace
        self.shown = f"{self.namespace}/{self.name}"

    def prepare(self) -> None:
        """Find it or make it. Raises ``VirtctlError`` when it takes no upload."""
        claim = self._claim(self.name)
        if claim is None:
            self.session.out(f"PVC {self.shown} not found")
            if not self.place.create:
                raise VirtctlError(
                    f"PVC {self.shown} does not exist", "leave out --no-create to create it"
                )
            self._create()
            return
        claim = self._check(claim)
        if upload.TARGET not in strings(claim, "metadata", "annotations"):
            metadata = child(claim, "metadata")
            held = strings(metadata, "annotations")
            changed: Document = {
                **claim, "metadata": {**metadata, "annotations": {**held, upload.TARGET: ""}},
            }  # fmt: skip
            resources.replace(self.session.rest, PVC, self.namespace, changed)
        self.session.out(f"Using existing PVC {self.namespace}/{name_of(claim) or self.name}")

    def wait_ready(self, seconds: float) -> None:
        """Wait for its upload server. Raises ``WaitTimeout``, and at once what CDI complains of."""
        env = self.session.env
        deadline = env.monotonic() + seconds
        told = False
        while not self._ready():
            self._raise_complaints()
            if not told:
                self.session.out(f"Waiting for PVC {self.name} upload pod to be ready...")
                told = True
            if env.monotonic() + POLL > deadline:
                raise WaitTimeout(f"the upload pod of {self.name}", seconds, self._stage())
            env.sleep(POLL)
        if told:
            self.session.out("Pod now ready")

    def wait_processed(self, seconds: float) -> None:
        """Wait until CDI has made a disk of what it got. Raises ``WaitTimeout``."""
        env = self.session.env
        deadline = env.monotonic() + seconds
        while True:
            claim = self._claim(self.name) or {}
            notes = strings(claim, "metadata", "annotations")
            if notes.get(_PHASE) == "Succeeded" or _populated(claim):
                return
            if env.monotonic() + POLL > deadline:
                raise WaitTimeout(f"processing of {self.name}", seconds, self._stage())
            env.sleep(POLL)

    # -- making -----------------------------------------------------------------------------------

    def _create(self) -> None:
        wish = self.place.wish
        if not wish.size:
            raise UsageError("when creating a resource, the size must be specified", "give --size")
        try:
            wish = wish._replace(size=str(parse_quantity(wish.size)))
        except QuantityError as error:
            raise UsageError(
                f"invalid argument `{wish.size}` for flag `--size`: {error}"
            ) from error
        if wish.storage_class:
            with doing(f"cannot use storage class {wish.storage_class}"):
                resources.get(self.session.rest, STORAGE_CLASS, "", wish.storage_class)
        if wish.access_mode == "ReadOnlyMany":
            raise UsageError(
                "invalid argument `ReadOnlyMany` for flag `--access-mode`: an upload needs a "
                "volume that is not read-only"
            )
        kind = DATA_VOLUME if self.place.volume else PVC
        build = upload.data_volume if self.place.volume else upload.volume_claim
        document = build(self.name, self.namespace, wish)
        try:
            with doing(f"cannot create {kind.name} {self.shown}"):
                resources.create(self.session.rest, kind, self.namespace, document)
        except NotFound as error:
            error.hint = "is CDI installed in this cluster?"
            raise
        except AlreadyExists:
            if not self._goes_on():
                raise
            self.session.out(f"Using existing DataVolume {self.shown}")
            return
        self.session.out(f"{kind.name} {self.shown} created")

    def _goes_on(self) -> bool:
        """Whether an earlier upload made the DataVolume and ended before there was a claim."""
        return self.place.volume and "upload" in child(self._volume() or {}, "spec", "source")

    # -- what is there ----------------------------------------------------------------------------

    def _claim(self, name: str) -> Document | None:
        return resources.find(self.session.rest, PVC, self.namespace, name)

    def _volume(self) -> Document | None:
        return resources.find(self.session.rest, DATA_VOLUME, self.namespace, self.name)

    def _check(self, claim: Document) -> Document:
        """The claim that takes the upload: a populator's own, which ``claim`` names."""
        volume = self._volume() if self.place.volume else None
        if self.place.volume and volume is None:
            raise VirtctlError(
                f"no DataVolume is associated with the existing PVC {self.shown}",
                "upload to the claim itself: image-upload pvc",
            )
        notes = strings(claim, "metadata", "annotations")
        told = strings(volume or {}, "metadata", "annotations")
        if "true" in {notes.get(_POPULATOR), told.get(_POPULATOR)}:
            if text(claim, "status", "phase") == "Bound":
                raise VirtctlError(f"PVC {self.name} already successfully populated")
            prime = self._claim(notes.get(_PRIME, "")) if notes.get(_PRIME) else None
            claim = prime or claim
            notes = strings(claim, "metadata", "annotations")
        if notes.get(_PHASE) == "Succeeded":
            raise VirtctlError(f"PVC {self.name} already successfully imported/cloned/updated")
        if upload.TARGET not in notes and self.place.create:
            raise VirtctlError(
                f"PVC {self.name} not available for upload", "give --no-create to use it anyway"
            )
        if self.place.wish.archive and notes.get(upload.CONTENT_TYPE) != "archive":
            raise VirtctlError(
                f"PVC {self.name} has not the content type of archives",
                f"it must have the annotation {upload.CONTENT_TYPE}: archive",
            )
        return claim

    def _ready(self) -> bool:
        if not self.place.volume:
            claim = self._claim(self.name) or {}
            return strings(claim, "metadata", "annotations").get(_READY) == "true"
        phase = text(self._volume() or {}, "status", "phase")
        if phase in _UNBOUND and not self.place.wish.force_bind:
            raise VirtctlError(
                f"cannot upload to DataVolume in {phase} phase, make sure the PVC is Bound",
                "give --force-bind",
            )
        return phase == "UploadReady"

    def _stage(self) -> str:
        if self.place.volume:
            phase = text(self._volume() or {}, "status", "phase") or "unknown"
            return f"its DataVolume is in phase {phase}"
        return f"its claim is in phase {text(self._claim(self.name) or {}, 'status', 'phase')}"

    def _raise_complaints(self) -> None:
        """Raise what events say that waiting will not mend."""
        try:
            claim, volume = self._claim(self.name), self._volume()
            events = resources.list_all(self.session.rest, EVENT, self.namespace)
        except VirtctlError:
            return  # not ours to read
        for event in events:
            of, reason = text(event, "involvedObject", "uid"), text(event, "reason")
            said = text(event, "message")
            if reason == "ProvisioningFailed" and claim and of == uid_of(claim):
                if "object has been modified" not in said:
                    raise VirtctlError(f"provisioning failed: {said}")
            elif reason == "ErrClaimNotValid" and volume and of == uid_of(volume):
                raise VirtctlError(f"claim not valid: {said}")


def _populated(claim: Document) -> bool:
    notes = strings(claim, "metadata", "annotations")
    return notes.get(_POPULATOR) == "true" and text(claim, "status", "phase") == "Bound"


def point_source(session: Session, place: Place) -> None:
    """Make or change the DataSource that leads to what was uploaded."""
    rest, namespace, name = session.rest, session.namespace, place.name
    labels = place.wish.labels
    held = resources.find(rest, DATA_SOURCE, namespace, name)
    if held is None:
        document = upload.data_source(name, namespace, labels)
        resources.create(rest, DATA_SOURCE, namespace, document)
        session.out(f"Created a new DataSource {namespace}/{name}")
        return
    change = upload.pointing(held, name, namespace, labels)
    resources.patch(rest, DATA_SOURCE, namespace, name, [*change], resources.JSON_PATCH)
    session.out(f"Updated an existing DataSource {namespace}/{name}")
