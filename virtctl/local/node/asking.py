"""Ask a machine what its probes want to know: its agent by the launcher, its ports directly."""

from __future__ import annotations

import asyncio
import http.client
import ssl
from collections.abc import Callable
from typing import assert_never

from launcher.errors import LauncherError
from launcher.lifecycle import Command, Control
from virtctl.local.node.probes import Connection, GuestCommand, GuestPing, Page, Question

_GOOD = range(200, 400)
_MARGIN = 2.0  # seconds that the launcher has on top to answer for the guest


class Unwell(Exception):
    """A bad answer, as a kubelet words it."""


class Asker:
    """Asks one machine. ``address`` tells where its ports are reached; empty while unknown."""

    def __init__(self, control: Control, address: Callable[[], str]) -> None:
        self._control, self._address = control, address

    async def ask(self, question: Question, patience: float) -> None:
        """Returns after a good answer; raises ``Unwell`` for a bad one, or none in ``patience``."""
        try:
            async with asyncio.timeout(patience + _MARGIN):
                await self._ask(question, patience)
        except TimeoutError:
            raise Unwell(f"command timed out after {patience:g}s") from None
        except LauncherError as error:
            raise Unwell(str(error)) from None

    async def _ask(self, question: Question, patience: float) -> None:
        match question:
            case GuestCommand():
                await self._run(question, patience)
            case GuestPing():
                await self._control.request(Command.AGENT, command="guest-ping")
            case Connection():
                await self._connect(question, patience)
            case Page():
                await asyncio.to_thread(fetch, question, question.host or self._own(), patience)
            case _:
                assert_never(question)

    async def _run(self, question: GuestCommand, patience: float) -> None:
        done = await self._control.request(Command.EXEC, argv=list(question.argv), timeout=patience)
        code = done.get("exit_code") if isinstance(done, dict) else None
        if code != 0:
            raise Unwell(f"command `{' '.join(question.argv)}` ended with exit code {code}")

    async def _connect(self, question: Connection, patience: float) -> None:
        host = question.host or self._own()
        try:
            async with asyncio.timeout(patience):
                _, writer = await asyncio.open_connection(host, question.port)
        except TimeoutError:
            raise Unwell(f"dial tcp {host}:{question.port}: i/o timeout") from None
        except OSError as error:
            raise Unwell(f"dial tcp {host}:{question.port}: {error.strerror or error}") from None
        writer.close()

    def _own(self) -> str:
        address = self._address()
        if not address:
            raise Unwell("the machine has no address yet")
        return address


def fetch(page: Page, host: str, patience: float) -> None:
    """GET a page; blocks. A certificate is not looked at, as a kubelet does not."""
    connection: http.client.HTTPConnection
    if page.secure:
        trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        trusting.check_hostname = False
        trusting.verify_mode = ssl.CERT_NONE
        connection = http.client.HTTPSConnection(
            host, page.port, timeout=patience, context=trusting
        )
    else:
        connection = http.client.HTTPConnection(host, page.port, timeout=patience)
    headers = {"User-Agent": "kube-probe/virtctl", "Accept": "*/*", **page.headers}
    try:
        connection.request("GET", page.path, headers=headers)
        code = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        raise Unwell(f"Get {host}:{page.port}{page.path}: {error}") from None
    finally:
        connection.close()
    if code not in _GOOD:
        raise Unwell(f"HTTP probe failed with statuscode: {code}")
