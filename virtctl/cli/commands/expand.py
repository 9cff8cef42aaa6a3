"""``expand``: a machine with its instancetype and preference worked into it."""

from __future__ import annotations

from typing import Annotated

from virtctl.cli.files import only
from virtctl.cli.options import Option
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.cli.verbs import doing
from virtctl.client import subresources
from virtctl.client.messages import Request
from virtctl.client.subresources import ROOT, Owner
from virtctl.errors import UsageError, VirtctlError
from virtctl.models.documents import Document, text
from virtctl.output.documents import as_json, as_yaml


def run(
    session: Session,
    *,
    vm: Annotated[
        str, Option("--vm", help="Machine of the cluster.", complete="vm", group=("from",))
    ] = "",
    file: Annotated[
        str,
        Option(
            "--file",
            "-f",
            help="Manifest of a machine, or `-` for stdin.",
            complete="file",
            group=("from",),
        ),
    ] = "",
    output: Annotated[
        str, Option("--output", "-o", help="yaml or json.", choices=("yaml", "json"))
    ] = "yaml",
) -> Outcome:
    """Print a machine with its instancetype and preference worked into it."""  # fmt: skip
    if vm:
        with doing(f"cannot expand VM {vm}"):
            expanded = _of_cluster(session, vm)
    elif file:
        expanded = _from_file(session, file)
    else:
        raise UsageError("missing flag `--vm` or `--file`", "name a machine or its manifest")
    return Outcome(as_json(expanded, 1) if output == "json" else as_yaml(expanded))


def _of_cluster(session: Session, vm: str) -> Document:
    from virtctl.cli.decoding import loosely  # the models cost 100 ms

    found = subresources.get(session.rest, Owner.VM, session.namespace, vm, "expand-spec")
    if not isinstance(found, dict):
        raise VirtctlError("the server's answer is no VirtualMachine")
    return loosely(found)


def _from_file(session: Session, file: str) -> Document:
    from virtctl.cli import decoding

    manifest = only(session, file)
    if text(manifest.document, "kind") != "VirtualMachine":
        raise VirtctlError(f"{manifest.place('kind')}: {manifest.title} is no VirtualMachine")
    with doing(f"cannot expand {manifest.place()}"):
        written = decoding.manifest(manifest.document)
    sent = {key: value for key, value in written.items() if key != "status" or value}
    path = f"{ROOT}/namespaces/{session.namespace}/expand-vm-spec"
    with doing(f"cannot expand {manifest.place()}"):
        return decoding.loosely(session.rest.send(Request("PUT", path, body=sent)).document())
