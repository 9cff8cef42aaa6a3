"""What ``qemu-img info --output json`` says of an image, and what we accept."""

from __future__ import annotations

import msgspec

from launcher.errors import HostError

INFO_ARGV = ("qemu-img", "info", "--output", "json", "--force-share")
"""Prints what ``parse`` reads, for the path that follows."""

FORMATS = ("raw", "qcow2")


class ImageInfo(msgspec.Struct, frozen=True, kw_only=True):
    """An image file. Sizes are bytes; ``actual_size`` is what it takes on the host."""

    format: str
    virtual_size: int
    actual_size: int
    backing_file: str = ""


class _Answer(msgspec.Struct, frozen=True, rename="kebab"):
    format: str
    virtual_size: int
    actual_size: int = 0
    backing_filename: str = ""
    format_specific: dict[str, object] = {}


class _Checked(msgspec.Struct, frozen=True, rename="kebab"):
    compressed_clusters: int = 0


def has_compressed(text: str) -> bool:
    """Whether ``qemu-img check --output=json`` found compressed clusters; False for any other."""
    try:
        return msgspec.json.decode(text, type=_Checked).compressed_clusters > 0
    except msgspec.MsgspecError:
        return False


def parse(text: str) -> ImageInfo:
    """Read qemu-img's answer; raises ``HostError`` when it is none."""
    try:
        answer = msgspec.json.decode(text, type=_Answer)
    except msgspec.MsgspecError as error:
        raise HostError(f"qemu-img's answer cannot be read: {error}") from error
    return ImageInfo(
        format=answer.format,
        virtual_size=answer.virtual_size,
        actual_size=answer.actual_size,
        backing_file=answer.backing_filename or _data_file(answer),
    )


def accept(name: str, info: ImageInfo) -> ImageInfo:
    """``info`` itself when a guest may be given this image.

    Raises ``HostError`` for a format other than raw and qcow2, for an image that refers to another
    file (it could name any file of the host), and for one without a byte in it.
    """
    if info.format not in FORMATS:
        raise HostError(
            f"image `{name}` has format `{info.format}`; raw or qcow2 is needed",
            "convert it first: `qemu-img convert -O qcow2 FROM TO`",
        )
    if info.backing_file:
        raise HostError(
            f"image `{name}` refers to another file, `{info.backing_file}`",
            "make it stand alone: `qemu-img convert -O qcow2 FROM TO`",
        )
    if info.virtual_size <= 0:
        raise HostError(f"image `{name}` is empty")
    return info


def _data_file(answer: _Answer) -> str:
    """A qcow2's external data file, which is as dangerous as a backing file."""
    data = answer.format_specific.get("data")
    found = data.get("data-file") if isinstance(data, dict) else None
    return found if isinstance(found, str) else ""
