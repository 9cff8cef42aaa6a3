"""``memory-dump``: the memory of a running machine in a claim, and in a file."""

from __future__ import annotations

from typing import Annotated

from virtctl.cli import dumpclaims, exporting
from virtctl.cli.options import Argument, Option
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.cli.verbs import doing
from virtctl.client import exports, resources, subresources
from virtctl.client.subresources import Owner
from virtctl.errors import AlreadyExists, UsageError, VirtctlError, WaitTimeout
from virtctl.manifests import claim as claims
from virtctl.manifests.export import Wish
from virtctl.models.documents import Document, text
from virtctl.models.kinds import VIRTUAL_MACHINE

_WHAT = ("get", "download", "remove")
_POLL, _PATIENCE = 2.0, 600.0
_RETRIES = 2


def run(
    session: Session,
    what: Annotated[str, Argument("get|download|remove", help="What to do.", choices=_WHAT)],
    name: Annotated[str, Argument("VM", help="Name of the virtual machine.", complete="vm")],
    *,
    claim_name: Annotated[
        str, Option("--claim-name", help="Claim to dump to; the one in use by default.")
    ] = "",
    create_claim: Annotated[
        bool, Option("--create-claim", help="Create the claim, large enough.")
    ] = False,
    storage_class: Annotated[
        str, Option("--storage-class", help="Storage class of a new claim.")
    ] = "",
    access_mode: Annotated[
        str, Option("--access-mode", help="Access mode of a new claim (ReadWriteOnce).")
    ] = "",
    output: Annotated[
        str, Option("--output", help="File to download the dump to.", complete="file")
    ] = "",
    format: Annotated[  # noqa: A002 - the flag's name
        str, Option("--format", help="gzip or raw.")
    ] = "",
    port_forward: Annotated[
        bool, Option("--port-forward", help="Download through the API server.")
    ] = False,
    local_port: Annotated[
        str, Option("--local-port", help="Local port of --port-forward; 0 takes a free one.")
    ] = "0",
) -> Outcome:
    """Dump the memory of a running machine, download the dump, or let go of it."""
    if what not in _WHAT:
        raise UsageError(f"invalid argument `{what}`: must be one of {', '.join(_WHAT)}")
    if what == "remove":
        with doing(f"cannot remove the memory dump of VM {name}"):
            subresources.put(session.rest, Owner.VM, session.namespace, name, "removememorydump")
        return Outcome(f"Successfully submitted remove memory dump association of VM {name}")
    fetch = _fetch(output, format, _port(local_port) if port_forward else None)
    if what == "get":
        new = claims.Wish("", storage_class, access_mode)
        with doing(f"cannot dump the memory of VM {name}"):
            _dump(session, name, claim_name, new if create_claim else None)
        session.out(f"Successfully submitted memory dump request of VM {name}")
        if not output:
            return Outcome()
    elif not output:
        raise UsageError("missing flag `--output`", "name a file")
    with doing(f"cannot download the memory dump of VM {name}"):
        _download(session, name, fetch)
    return Outcome()


def _fetch(output: str, kind: str, forward: int | None) -> exporting.Wish:
    if kind not in {"", "gzip", "gzipped", "raw"}:
        raise UsageError(f"invalid argument `{kind}` for flag `--format`: must be gzip or raw")
    return exporting.Wish(
        output, format=kind, insecure=True, forward=forward, retries=_RETRIES, made=True
    )


def _port(word: str) -> int:
    if word.isascii() and word.isdigit() and int(word) <= 65535:
        return int(word)
    raise UsageError(f"invalid argument `{word}` for flag `--local-port`: must be from 0 to 65535")


def _dump(session: Session, vm: str, claim: str, new: claims.Wish | None) -> None:
    if new is not None:
        if not claim:
            raise UsageError("missing claim name", "give --claim-name")
        dumpclaims.make(session, vm, claim, new)
    body: Document = {"claimName": claim} if claim else {}
    subresources.put(session.rest, Owner.VM, session.namespace, vm, "memorydump", body)


def _download(session: Session, vm: str, fetch: exporting.Wish) -> None:
    claim = _completed(session, vm)
    name = f"export-{vm}-{claim}"
    wish = Wish("pvc", claim)
    made = True
    try:
        exporting.make(session, name, wish)
    except AlreadyExists:
        made = False
    try:
        exporting.download(session, name, fetch._replace(volume=claim))
    finally:
        if made:
            exports.remove(session.rest, session.namespace, name)


def _completed(session: Session, vm: str) -> str:
    """The claim of the finished dump. Raises ``WaitTimeout``, and at once when it has failed."""
    env = session.env
    deadline = env.monotonic() + _PATIENCE
    told = ""
    while True:
        machine = resources.get(session.rest, VIRTUAL_MACHINE, session.namespace, vm)
        claim = text(machine, "status", "memoryDumpRequest", "claimName")
        phase = text(machine, "status", "memoryDumpRequest", "phase")
        if phase == "Completed":
            return claim
        if not claim:
            raise VirtctlError(
                "it has no memory dump", f"{env.program} memory-dump get {vm} --claim-name CLAIM"
            )
        if phase == "Failed":
            why = text(machine, "status", "memoryDumpRequest", "message")
            raise VirtctlError(f"the dump to {claim} failed{': ' + why if why else ''}")
        if phase != told:
            session.line(f"Waiting for memorydump {claim} to complete, current phase: {phase}...")
            told = phase
        if env.monotonic() + _POLL > deadline:
            raise WaitTimeout(f"memory dump {claim}", _PATIENCE, f"at the end phase {phase}")
        env.sleep(_POLL)
