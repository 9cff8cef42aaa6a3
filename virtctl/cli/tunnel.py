"""A local port that leads to a Service's pod, through the API server, while something is done."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress

from virtctl.cli.session import Session
from virtctl.client import resources
from virtctl.client.portforward import PodForward
from virtctl.errors import Forbidden, VirtctlError
from virtctl.models.documents import Document, find, name_of, namespace_of, objects, strings, text
from virtctl.models.kinds import POD, SERVICE
from virtctl.streams.duplex import Duplex
from virtctl.streams.forward import TcpForward

_HOST = "127.0.0.1"
_USUAL = "cdi"  # CDI's namespace, unless somebody chose another


def find_service(session: Session, name: str) -> tuple[str, str]:
    """Name and namespace of a Service wherever it is. Raises ``VirtctlError`` without one."""
    query = {"fieldSelector": f"metadata.name={name}"}
    try:
        found = resources.list_all(session.rest, SERVICE, "", query)
    except Forbidden:
        return name, _USUAL
    if not found:
        raise VirtctlError(f"there is no service {name} in the cluster")
    return name, namespace_of(found[0])


@contextmanager
def to_service(
    session: Session, name: str, port: int, local: int, namespace: str = ""
) -> Iterator[int]:
    """Forward a local port (``local`` 0: a free one) to ``port`` of a Service; yields its number.

    Raises ``VirtctlError`` when there is no pod, or the API server refuses.
    """
    namespace = namespace or session.namespace
    service = resources.get(session.rest, SERVICE, namespace, name)
    pod = _pod(session, service, namespace)
    target = _target(service, pod, port)
    ready: Future[int] = Future()
    loop = asyncio.new_event_loop()
    done = asyncio.Event()
    work = _forward(session, (namespace, name_of(pod)), target, local, ready, done)
    thread = threading.Thread(target=lambda: loop.run_until_complete(work), name="tunnel")
    thread.start()
    try:
        bound = ready.result()
        session.line(f"forwarding {_HOST}:{bound} to port {target} of pod {name_of(pod)}")
        yield bound
    finally:
        with suppress(RuntimeError):  # it has ended already
            loop.call_soon_threadsafe(done.set)
        thread.join()
        loop.close()


async def _forward(
    session: Session, pod: tuple[str, str], port: int, local: int,
    ready: Future[int], done: asyncio.Event,
) -> None:  # fmt: skip
    forward = PodForward(session.rest, *pod)

    async def connect() -> Duplex:
        return await forward.stream(port)

    listener = TcpForward(connect, session.line)
    try:
        await forward.connect()
        bound = await listener.open(_HOST, local)
        ready.set_result(bound.port)
        await done.wait()
    except BaseException as error:
        if ready.done():
            raise
        ready.set_exception(error)
    finally:
        await listener.close()
        await forward.close()


def _pod(session: Session, service: Document, namespace: str) -> Document:
    """The first pod of a Service that runs."""
    labels = strings(service, "spec", "selector")
    query = {"labelSelector": ",".join(f"{key}={value}" for key, value in labels.items())}
    pods = resources.list_all(session.rest, POD, namespace, query)
    running = [pod for pod in pods if text(pod, "status", "phase") == "Running"]
    if not pods:
        raise VirtctlError(f"service {namespace}/{name_of(service)} has no pod")
    return (running or pods)[0]


def _target(service: Document, pod: Document, port: int) -> int:
    """The pod's port behind the Service's."""
    for one in objects(service, "spec", "ports"):
        if one.get("port") != port:
            continue
        wanted = find(one, "targetPort")
        if isinstance(wanted, int):
            return wanted
        for container in objects(pod, "spec", "containers"):
            for offered in objects(container, "ports"):
                number = offered.get("containerPort")
                if text(offered, "name") == wanted and isinstance(number, int):
                    return number
    return port
