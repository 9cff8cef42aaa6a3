"""The user's terminal in raw mode, always restored."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

ESCAPE = 0x1D
"""Ctrl+] and, in most terminals, Ctrl+5."""


@contextmanager
def raw(descriptor: int) -> Iterator[bool]:
    """Raw mode on ``descriptor``; yields whether it is a terminal at all."""
    if not os.isatty(descriptor):
        yield False
        return
    import termios
    import tty

    before = termios.tcgetattr(descriptor)
    try:
        tty.setraw(descriptor)
        yield True
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


class EscapeFilter:
    """Finds the ways out of a console in what the user types.

    The escape byte counts as the first byte of a read, as in Go's tool: a person presses it alone,
    while pasted data may hold it anywhere. ``~.`` counts at the beginning of a line, as in ssh,
    and ``~~`` is one tilde.
    """

    def __init__(self, escape: int = ESCAPE, *, tilde: bool) -> None:
        self._escape = escape
        self._tilde = tilde
        self._line_start = True
        self._held = False

    def feed(self, data: bytes) -> tuple[bytes, bool]:
        """Bytes to send on, and whether the user wants to leave."""
        if data[:1] == bytes([self._escape]):
            return b"", True
        if not self._tilde:
            return data, False
        kept = bytearray()
        for byte in data:
            if self._held:
                self._held = False
                if byte == 0x2E:  # ~.
                    return bytes(kept), True
                kept += b"~" if byte == 0x7E else bytes((0x7E, byte))
            elif byte == 0x7E and self._line_start:
                self._held = True
                continue
            else:
                kept.append(byte)
            self._line_start = byte in {0x0D, 0x0A}
        return bytes(kept), False


def parse_escape(text: str) -> int:
    """``^]``, ``^x`` or a single character to its byte. Raises ValueError."""
    if len(text) == 2 and text[0] == "^":
        return ord(text[1].upper()) & 0x1F
    if len(text) == 1 and ord(text) < 128:
        return ord(text)
    raise ValueError(text)


def spell(key: int) -> str:
    """An escape key as people press it."""
    if key == ESCAPE:
        return "Ctrl+] or Ctrl+5"
    return f"Ctrl+{chr(key | 0x40)}" if key < 0x20 else chr(key)
