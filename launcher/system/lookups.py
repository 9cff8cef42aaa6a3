"""Ask name servers whether they answer (RFC 1035), by UDP from this thread's network namespace."""

from __future__ import annotations

import os
import socket
import struct
import time
from collections.abc import Iterable
from pathlib import Path

from launcher.net import dns

_HEADER = struct.Struct("!HHHHHH")
_RECURSION = 0x0100
_QUESTION = b"\x0croot-servers\x03net\0\0\x02\0\x01"  # who serves it: what is asked everywhere
_KNOWN = {0, 3}  # codes of an answer: there it is, there is no such name
_AGAIN = 0.5  # seconds between two questions
_RESOLV_CONF = Path("/etc/resolv.conf")


def servers(path: Path = _RESOLV_CONF) -> tuple[str, ...]:
    """The host's own name servers; none when it has no resolv.conf(5)."""
    try:
        lines = [line.split() for line in path.read_text().splitlines()]
    except OSError:
        return ()
    return tuple(words[1] for words in lines if words[:1] == ["nameserver"] and words[1:])


def answers(addresses: Iterable[str], seconds: float, port: int = dns.PORT) -> bool:
    """Whether one of some servers answers within so many seconds; returns as soon as one does."""
    wanted = tuple(addresses)
    deadline = time.monotonic() + seconds
    while wanted and (left := deadline - time.monotonic()) > 0:
        for address in wanted:
            if _asked(address, port, min(_AGAIN, left)):
                return True
    return False


def _asked(address: str, port: int, seconds: float) -> bool:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    query = os.urandom(2) + _HEADER.pack(0, _RECURSION, 1, 0, 0, 0)[2:] + _QUESTION
    until = time.monotonic() + seconds
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as channel:
            channel.settimeout(seconds)
            channel.connect((address, port))
            channel.send(query)
            reply = channel.recv(dns.LARGEST_UDP)
    except OSError:
        time.sleep(max(until - time.monotonic(), 0))  # it was refused at once
        return False
    return dns.answers_to(query, reply) and reply[3] & 0xF in _KNOWN
