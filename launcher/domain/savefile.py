"""The head of the stream in which a guest travels: what libvirt writes before a saved guest.

libvirt starts a guest from such a stream as it starts one from a file that it saved
(``virQEMUSaveHeader`` in libvirt's ``qemu_saveimage.h``, version 2): a fixed header, the domain's
XML with a zero at its end, then QEMU's own migration stream to the end.
"""

from __future__ import annotations

import struct

_MAGIC = b"LibvirtQemudSave"
_VERSION = 2
_RUNNING, _RAW, _NO_COOKIE = 1, 0, 0
_UNUSED = 14
_HEADER = struct.Struct(f"<{len(_MAGIC)}s{5 + _UNUSED}I")


def head(xml: str) -> bytes:
    """All that precedes QEMU's stream of a guest that ``xml`` describes."""
    text = xml.encode() + b"\0"
    numbers = (_VERSION, len(text), _RUNNING, _RAW, _NO_COOKIE)
    return _HEADER.pack(_MAGIC, *numbers, *([0] * _UNUSED)) + text
