"""Liveness and readiness probes of a machine: what to ask, and when an answer counts. Pure.

The rules are the kubelet's: a machine is not ready until ``successThreshold`` answers in a row
were good, it is alive until ``failureThreshold`` in a row were bad.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from virtctl.models.documents import Document, child, find, integer, items, objects, text

READINESS, LIVENESS = "readinessProbe", "livenessProbe"

_SECURE, _PLAIN = "HTTPS", "HTTP"


@dataclass(frozen=True)
class GuestCommand:
    """A program of the guest, run by its agent, whose exit code is to be 0."""

    argv: tuple[str, ...]


@dataclass(frozen=True)
class GuestPing:
    """The guest agent is to answer."""


@dataclass(frozen=True)
class Connection:
    """A TCP port is to accept; ``host`` is empty for the machine's own address."""

    host: str
    port: int


@dataclass(frozen=True, kw_only=True)
class Page:
    """A GET is to be answered with a code from 200 to 399."""

    host: str
    port: int
    path: str
    secure: bool
    headers: Mapping[str, str]


Question: TypeAlias = GuestCommand | GuestPing | Connection | Page


@dataclass(frozen=True, kw_only=True)
class Probe:
    """One probe; times are in seconds."""

    kind: str
    question: Question
    delay: float
    period: float
    timeout: float
    successes: int
    failures: int


def probes(vmi: Document) -> tuple[Probe, ...]:
    """The probes of a VMI, which is taken as admitted."""
    spec = child(vmi, "spec")
    found = []
    for kind in (READINESS, LIVENESS):
        asked = child(spec, kind)
        question = _question(asked, _named_ports(spec))
        if question is not None:
            found.append(
                Probe(
                    kind=kind,
                    question=question,
                    delay=integer(asked, "initialDelaySeconds"),
                    period=max(integer(asked, "periodSeconds", default=10), 1),
                    timeout=max(integer(asked, "timeoutSeconds", default=1), 1),
                    successes=max(integer(asked, "successThreshold", default=1), 1),
                    failures=max(integer(asked, "failureThreshold", default=3), 1),
                )
            )
    return tuple(found)


def _question(asked: Document, ports: Mapping[str, int]) -> Question | None:
    if find(asked, "exec") is not None:
        return GuestCommand(tuple(str(word) for word in items(asked, "exec", "command")))
    if find(asked, "guestAgentPing") is not None:
        return GuestPing()
    if find(asked, "tcpSocket") is not None:
        socket = child(asked, "tcpSocket")
        return Connection(text(socket, "host"), _port(socket, ports))
    if find(asked, "httpGet") is None:
        return None
    page = child(asked, "httpGet")
    return Page(
        host=text(page, "host"),
        port=_port(page, ports),
        path=text(page, "path") or "/",
        secure=(text(page, "scheme") or _PLAIN).upper() == _SECURE,
        headers={text(one, "name"): text(one, "value") for one in objects(page, "httpHeaders")},
    )


def _named_ports(spec: Document) -> dict[str, int]:
    return {
        text(port, "name"): integer(port, "port")
        for interface in objects(spec, "domain", "devices", "interfaces")
        for port in objects(interface, "ports")
    }


def _port(asked: Document, ports: Mapping[str, int]) -> int:
    """A port's number; 0, which nobody listens on, for a name that no interface has."""
    port = find(asked, "port")
    if isinstance(port, int):
        return port
    said = str(port or "")
    return int(said) if said.isdigit() else ports.get(said, 0)


class Tally:
    """What the answers so far mean. A fresh machine is alive and not ready."""

    def __init__(self, probe: Probe) -> None:
        self._probe = probe
        self._row = 0  # answers of the same kind in a row: good ones above 0, bad ones below
        self.good = probe.kind == LIVENESS

    def note(self, *, good: bool) -> bool:
        """Count an answer; whether the verdict ``good`` has changed by it."""
        self._row = max(self._row, 0) + 1 if good else min(self._row, 0) - 1
        before = self.good
        if self._row >= self._probe.successes:
            self.good = True
        elif self._row <= -self._probe.failures:
            self.good = False
        return self.good != before
