"""``net capture``: what passes a hop of a machine's network, as pcap."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, BinaryIO

from virtctl.cli.netpaths import Machine, running, sights_path
from virtctl.cli.options import Argument, Option
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.cli.verbs import doing
from virtctl.client.messages import Request
from virtctl.errors import UsageError, VirtctlError
from virtctl.output.networks.frames import counted


def run(
    session: Session,
    target: Annotated[
        str, Argument("[TYPE/]NAME[/NAMESPACE]", help="The machine.", complete="target")
    ],
    *,
    hop: Annotated[
        str,
        Option(
            "--hop",
            help="A link of `net explain`, as tap0 or node/br1; the first tap when left out.",
        ),
    ] = "",
    write: Annotated[
        str, Option("--write", "-w", help="File to write, or `-` for stdout.", complete="file")
    ] = "-",
    count: Annotated[
        int, Option("--count", "-c", help="End after so many frames; 0 is never.")
    ] = 0,
) -> Outcome:
    """Write the frames that pass a hop of a machine's network as pcap, until interrupted.

    Pipe it into a reader, as in `virtctl net capture fedora-0 | tcpdump -nr -`. Only nodes of
    `virtctl local` can be listened to.
    """
    found = running(session, target)
    if "pod" not in found.facts.scopes:
        raise VirtctlError(
            "this cluster's nodes let nobody listen",
            "run tcpdump in a debug container: `kubectl debug --profile=netadmin POD`",
        )
    scope, link = _place(found, hop)
    request = Request(
        "GET", f"{sights_path(found)}/capture", {"scope": scope, "link": link}, accept="*/*"
    )
    session.line(f"listening on {link} of the {scope}")
    chunks = session.rest.chunks(request)
    with doing(f"cannot listen on {link}"), _file(session, write) as file:
        for chunk in counted(chunks, count) if count else chunks:
            file.write(chunk)
            file.flush()
    return Outcome()


def _place(found: Machine, hop: str) -> tuple[str, str]:
    """Where a hop is: pod or node, and its link. Raises ``UsageError``."""
    if not hop:
        return "pod", next((path.tap for path in found.paths), "tap0")
    where, slash, link = hop.partition("/")
    known = {
        name: [one.name for one in scope.links]
        for name, scope in found.facts.scopes.items()
        if name in {"pod", "node"}
    }
    wanted = [where] if slash else ["pod", "node"]
    name = link if slash else where
    for scope in wanted:
        if name in known.get(scope, []):
            return scope, name
    shown = ", ".join(f"{scope}/{one}" for scope, names in known.items() for one in names)
    raise UsageError(f"there is no hop `{hop}`: it may be {shown}")


@contextlib.contextmanager
def _file(session: Session, write: str) -> Iterator[BinaryIO]:
    if write == "-":
        yield session.env.stdout.buffer
        return
    with Path(session.env.path(write)).open("wb") as file:
        yield file
