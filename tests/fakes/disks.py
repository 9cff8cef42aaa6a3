"""Disks and images of them, small and made on the spot."""

from __future__ import annotations

import hashlib
import random
import subprocess
from pathlib import Path

MIB = 1 << 20


def write_raw(path: Path, size: int = 8 * MIB, seed: int = 1) -> Path:
    """A disk with holes, and data that differs by ``seed``."""
    noise = random.Random(seed)
    with path.open("wb") as file:
        file.truncate(size)
        for place in (0, size // 2, size - 70_000):
            file.seek(place)
            file.write(noise.randbytes(70_000))
    return path


def convert(source: Path, target: Path, form: str, *options: str) -> Path:
    """The same disk in another format."""
    subprocess.run(["qemu-img", "convert", "-O", form, *options, source, target], check=True)
    return target


def create(target: Path, size: str, *options: str) -> Path:
    """An image without data."""
    subprocess.run(["qemu-img", "create", "-q", *options, target, size], check=True)
    return target


def digest(path: Path, size: int = 8 * MIB) -> str:
    """The sum of a disk's first ``size`` bytes."""
    with path.open("rb") as file:
        return hashlib.sha256(file.read(size)).hexdigest()
