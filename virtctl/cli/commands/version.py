"""``version``: the versions of client and server."""

from __future__ import annotations

from typing import Annotated

from virtctl.cli.options import Option
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.models.documents import Document, JsonValue
from virtctl.version import client_version


def run(
    session: Session,
    *,
    client: Annotated[
        bool, Option("--client", "-c", help="Print the client's version only.")
    ] = False,
    output: Annotated[
        str,
        Option("--output", "-o", help="Output format: json or yaml.", choices=("", "json", "yaml")),
    ] = "",
) -> Outcome:
    """Print the versions of client and server; the server's needs a cluster that has KubeVirt."""
    own: Document = dict(client_version())
    found: Document = {"clientVersion": own}
    if not output:
        session.out(_line("Client", own))
    if not client:
        server = _server(session)
        found["serverVersion"] = server
        if not output:
            session.out(_line("Server", server))
    if not output:
        return Outcome()
    from virtctl.output.documents import as_json, as_yaml

    return Outcome(as_json(found) if output == "json" else as_yaml(found))


def _server(session: Session) -> Document:
    from virtctl.client.subresources import server_version  # http costs 20 ms

    return server_version(session.rest)


def _line(side: str, version: Document) -> str:
    names = (
        "gitVersion",
        "gitCommit",
        "gitTreeState",
        "buildDate",
        "goVersion",
        "compiler",
        "platform",
    )
    fields = ", ".join(
        f"{name[0].upper()}{name[1:]}:{_quoted(version.get(name))}" for name in names
    )
    return f"{side} Version: version.Info{{{fields}}}"


def _quoted(value: JsonValue) -> str:
    import json

    return json.dumps(value if isinstance(value, str) else "")
