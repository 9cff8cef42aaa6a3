"""Liveness and readiness probes."""

from __future__ import annotations

from typing import Annotated

from virtctl.models.base import Empty, Fact, Int32, IntOrString, Model
from virtctl.models.references import NameValue


class ExecAction(Model, frozen=True):
    """A command that is run; exit code 0 is success."""

    command: tuple[str, ...] = ()


class HttpGetAction(Model, frozen=True):
    """A GET request; codes from 200 to 399 are success."""

    port: IntOrString
    host: str = ""
    http_headers: tuple[NameValue, ...] = ()
    path: str = ""
    scheme: Annotated[str, Fact(choices=("HTTP", "HTTPS"))] = ""


class TcpSocketAction(Model, frozen=True):
    """A TCP connection; success when it opens."""

    port: IntOrString
    host: str = ""


class InstanceProbe(Model, frozen=True):
    """How the guest is asked whether it is alive or ready."""

    exec: ExecAction | None = None
    failure_threshold: Int32 = 0
    guest_agent_ping: Empty | None = None
    http_get: HttpGetAction | None = None
    initial_delay_seconds: Int32 = 0
    period_seconds: Int32 = 0
    success_threshold: Int32 = 0
    tcp_socket: TcpSocketAction | None = None
    timeout_seconds: Int32 = 0
