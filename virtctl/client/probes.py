"""Asks whether something answers inside a machine, through the API server."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

from virtctl.client.rest import Rest
from virtctl.client.sockets import dial
from virtctl.client.subresources import Owner, path
from virtctl.errors import VirtctlError

_BANNER_SECONDS = 5.0


class Answer(NamedTuple):
    """How an SSH server answers: ``why`` it does not is empty when it does.

    ``stage`` is ``port`` when nothing listens, ``banner`` when no SSH server does.
    """

    stage: str
    why: str


async def ssh_problem(rest: Rest, namespace: str, name: str, port: int) -> str:
    """Why ``port`` does not answer with an SSH banner (RFC 4253 §4.2); empty when it does."""
    return (await ssh_state(rest, namespace, name, port)).why


async def ssh_state(rest: Rest, namespace: str, name: str, port: int) -> Answer:
    """Whether and how ``port`` answers with an SSH banner."""
    try:
        stream = await dial(rest, path(Owner.VMI, namespace, name, f"portforward/{port}/tcp"))
    except VirtctlError as error:
        return Answer("port", f"port {port}: {error}")
    data = b""
    try:
        async with asyncio.timeout(_BANNER_SECONDS):
            while len(data) < 4:
                chunk = await stream.receive()
                if not chunk:
                    return _ended(port, data)
                data += chunk
    except TimeoutError:
        return Answer("banner", f"port {port} is open but silent")
    except VirtctlError as error:
        return Answer("port", f"port {port}: {error}")
    finally:
        await stream.close()
    return Answer("banner", "" if data.startswith(b"SSH-") else f"port {port} does not speak ssh")


def _ended(port: int, data: bytes) -> Answer:
    if data:
        return Answer("banner", f"port {port} does not speak ssh")
    return Answer("port", f"port {port} is closed")
