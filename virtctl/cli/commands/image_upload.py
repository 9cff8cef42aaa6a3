"""``image-upload``: a disk image of this computer into the cluster."""

from __future__ import annotations

import os
from typing import Annotated

from virtctl.cli import uploading
from virtctl.cli.images import check_fits
from virtctl.cli.options import UINT32, Argument, Option
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.cli.uploadtarget import Place, Target, point_source
from virtctl.cli.verbs import doing
from virtctl.errors import UsageError, VirtctlError
from virtctl.manifests import upload

_DAY = 86400.0
_MODES = ("block", "filesystem")


def run(
    session: Session,
    words: Annotated[
        list[str], Argument("dv|pvc NAME", help="What to upload to: a DataVolume or a claim.")
    ] = [],  # noqa: B006 - never changed
    *,
    image_path: Annotated[
        str, Option("--image-path", help="Disk image to upload.", complete="file")
    ] = "",
    archive_path: Annotated[
        str, Option("--archive-path", help="Tar archive to upload.", complete="file")
    ] = "",
    size: Annotated[str, Option("--size", help="Size of a new volume, as in `10Gi`.")] = "",
    storage_class: Annotated[
        str, Option("--storage-class", help="Storage class of a new volume.")
    ] = "",
    access_mode: Annotated[
        str, Option("--access-mode", help="Access mode of a new volume.")
    ] = "",
    volume_mode: Annotated[
        str, Option("--volume-mode", help="block or filesystem, for a new volume.")
    ] = "",
    force_bind: Annotated[
        bool, Option("--force-bind", help="Bind the volume before anything uses it.")
    ] = False,
    no_create: Annotated[
        bool, Option("--no-create", help="Upload to what is there; create nothing.")
    ] = False,
    datasource: Annotated[
        bool, Option("--datasource", help="Make a DataSource of the name lead to it.")
    ] = False,
    default_instancetype: Annotated[
        str, Option("--default-instancetype", help="Instancetype for machines made from it.")
    ] = "",
    default_instancetype_kind: Annotated[
        str, Option("--default-instancetype-kind", help="Its kind.")
    ] = "",
    default_preference: Annotated[
        str, Option("--default-preference", help="Preference for machines made from it.")
    ] = "",
    default_preference_kind: Annotated[
        str, Option("--default-preference-kind", help="Its kind.")
    ] = "",
    uploadproxy_url: Annotated[
        str, Option("--uploadproxy-url", help="URL of CDI's upload proxy; else the cluster's.")
    ] = "",
    insecure: Annotated[
        bool, Option("--insecure", help="Do not check the upload proxy's certificate.")
    ] = False,
    wait_secs: Annotated[
        int, Option("--wait-secs", help="Seconds to wait for the upload pod.", limits=UINT32)
    ] = 300,
    retry: Annotated[
        int, Option("--retry", help="How often to try the upload.", limits=UINT32)
    ] = 5,
    pvc_name: Annotated[
        str,
        Option(
            "--pvc-name", help="Name of the claim.", hidden=True,
            deprecated="use `pvc NAME` instead",
        ),
    ] = "",
    pvc_size: Annotated[
        str,
        Option("--pvc-size", help="Size.", hidden=True, deprecated="use --size instead"),
    ] = "",
    block_volume: Annotated[
        bool,
        Option(
            "--block-volume", help="A block volume.", hidden=True,
            deprecated="use --volume-mode=block instead",
        ),
    ] = False,
) -> Outcome:  # fmt: skip
    """Upload a disk image or archive into a DataVolume or claim, through CDI.

    An upload that was broken off is taken up by the same command line. Where CDI's upload proxy is
    not reachable from here, the upload goes through the API server.
    """
    volume, name = _words(words, pvc_name)
    mode = _mode(volume_mode, block=block_volume)
    if size and pvc_size and size != pvc_size:
        raise UsageError("flag `--pvc-size` is incompatible with another `--size`")
    archive = _archive(image_path, archive_path, mode)
    labels = _labels(
        no_create,
        instancetype=default_instancetype,
        instancetype_kind=default_instancetype_kind,
        preference=default_preference,
        preference_kind=default_preference_kind,
    )
    given = image_path or archive_path
    path = session.env.path(given)
    length = _length(path, given)
    wish = upload.Wish(
        size or pvc_size, storage_class, access_mode, mode, archive, force_bind, labels
    )
    place = Place(name, volume, wish, create=not no_create)
    target = Target(session, place)
    if not archive:
        check_fits(path, wish.size)
    sent = uploading.Wish(name, path, length, uploadproxy_url, insecure, retry)
    with doing(f"cannot upload {given} to {name}"):
        target.prepare()
        target.wait_ready(float(wait_secs))
        uploading.send(session, sent)
        if datasource:
            point_source(session, place)
        session.out(
            "Uploading data completed successfully, waiting for processing to complete, "
            "you can hit ctrl-c without interrupting the progress"
        )
        target.wait_processed(_DAY)
    session.out("Processing completed successfully")
    return Outcome(f"Uploading {given} completed successfully")


def _words(words: list[str], pvc_name: str) -> tuple[bool, str]:
    """Whether it is a DataVolume, and the name."""
    if pvc_name:
        if words:
            raise UsageError("flag `--pvc-name` takes no arguments beside it")
        return False, pvc_name
    if len(words) != 2:
        raise UsageError("expecting two args", "image-upload dv|pvc NAME")
    if words[0].lower() not in {"dv", "pvc"}:
        raise UsageError(f"invalid resource type `{words[0]}`", "use dv or pvc")
    return words[0].lower() == "dv", words[1]


def _mode(mode: str, *, block: bool) -> str:
    if block and mode not in {"", "block"}:
        raise UsageError(f"flag `--block-volume` is incompatible with `--volume-mode={mode}`")
    if block:
        return "block"
    if mode and mode not in _MODES:
        raise UsageError(
            f"invalid argument `{mode}` for flag `--volume-mode`: must be block or filesystem"
        )
    return mode


def _archive(image: str, archive: str, mode: str) -> bool:
    if not image and not archive:
        raise UsageError("either image-path or archive-path must be provided")
    if image and archive:
        raise UsageError("cannot handle both image-path and archive-path, provide only one")
    if archive and mode == "block":
        raise UsageError("flag `--archive-path` is incompatible with `--volume-mode=block`")
    return bool(archive)


def _labels(
    no_create: bool,
    *,
    instancetype: str,
    instancetype_kind: str,
    preference: str,
    preference_kind: str,
) -> dict[str, str]:
    for name, value, kind in (
        ("instancetype", instancetype, instancetype_kind),
        ("preference", preference, preference_kind),
    ):
        if kind and not value:
            raise UsageError(f"flag `--default-{name}-kind` needs `--default-{name}` beside it")
        if value and no_create:
            raise UsageError(f"flag `--default-{name}` is incompatible with `--no-create`")
    return upload.default_labels(
        instancetype=instancetype,
        instancetype_kind=instancetype_kind,
        preference=preference,
        preference_kind=preference_kind,
    )


def _length(path: str, given: str) -> int:
    """The file's size; it must be readable."""
    try:
        with open(path, "rb") as stream:  # noqa: PTH123 - pathlib costs 3 ms
            return os.fstat(stream.fileno()).st_size
    except OSError as error:
        raise VirtctlError(f"file `{given}` cannot be read: {error.strerror}") from error
