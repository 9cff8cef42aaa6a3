"""Libraries of real programs, and files that are none."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from launcher.guestimage import elf
from launcher.system import process


def test_dynamic_program() -> None:
    program = process.find("qemu-img").read_bytes()
    names = elf.needed(program)
    assert any(name.startswith("libc.so") for name in names)
    assert len(set(names)) == len(names)
    loader = elf.interpreter(program)
    assert loader is not None
    assert Path(loader).exists()


def test_static_program() -> None:
    program = process.find("busybox").read_bytes()
    assert elf.needed(program) == ()
    assert elf.interpreter(program) is None


@pytest.mark.parametrize("data", [b"", b"#!/bin/sh\n", b"\x7fELF\x01\x01" + bytes(60)])
def test_no_program(data: bytes) -> None:
    with pytest.raises(ValueError, match="not a little-endian 64-bit ELF file"):
        elf.needed(data)


def test_cut_short() -> None:
    program = Path(sys.executable).resolve().read_bytes()[:70]
    with pytest.raises(ValueError, match="cut short"):
        elf.needed(program)
