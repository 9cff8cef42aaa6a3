"""``inventory``: machines for Ansible."""

from __future__ import annotations

import re
from typing import Annotated

from virtctl.cli.logins import (
    KNOWN_HOSTS,
    Identity,
    KnownHosts,
    LocalOptions,
    PortNumber,
    Wishes,
)
from virtctl.cli.options import AllNamespaces, Option, Selector
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.cli.sshhosts import Machine, User, login, machines
from virtctl.models.documents import Document, JsonValue, objects, text
from virtctl.output.documents import as_json, as_yaml
from virtctl.streams.openssh import options


def run(
    session: Session,
    *,
    listing: Annotated[
        bool, Option("--list", help="All machines; this is what it does anyway.")
    ] = False,
    host: Annotated[str, Option("--host", help="The variables of one host alone.")] = "",
    selector: Selector = "",
    all_namespaces: AllNamespaces = False,
    running: Annotated[bool, Option("--running", help="Only machines that run.")] = False,
    username: User = "",
    identity_file: Identity = "",
    known_hosts: KnownHosts = KNOWN_HOSTS,
    local_ssh_opts: LocalOptions = [],  # noqa: B006 - never changed
    port: PortNumber = 22,
    output: Annotated[
        str, Option("--output", "-o", help="json or yaml.", choices=("json", "yaml"))
    ] = "json",
) -> Outcome:
    """Print machines as an Ansible inventory, reached through the API server.

    Groups are made of namespaces, labels and states. A two-line script that runs this with all its
    arguments is an inventory: `exec virtctl inventory "$@"`.
    """
    del listing  # one of Ansible's two ways to call
    wishes = Wishes(username, identity_file, known_hosts, local_ssh_opts, port)
    found = machines(session, selector, everywhere=all_namespaces)
    if running:
        found = [one for one in found if one.phase == "Running"]
    variables = {one.host: _variables(session, one, wishes) for one in found}
    every: Document = {"_meta": {"hostvars": dict(variables)}, **_groups(found)}
    whole = variables.get(host, {}) if host else every
    return Outcome(as_json(whole) if output == "json" else as_yaml(whole))


def _variables(session: Session, machine: Machine, wishes: Wishes) -> Document:
    there = login(session, machine, wishes, port=str(wishes.port))
    found: Document = {
        "ansible_host": machine.host,
        "ansible_ssh_common_args": options(there),
        "kubevirt_name": machine.name,
        "kubevirt_namespace": machine.namespace,
        "kubevirt_labels": dict(machine.labels),
        "kubevirt_status": machine.phase,
    }
    if wishes.username:
        found["ansible_user"] = wishes.username
    addresses = [
        text(one, "ipAddress")
        for one in objects(machine.vmi or {}, "status", "interfaces")
        if text(one, "ipAddress")
    ]
    if addresses:
        found["kubevirt_addresses"] = [*addresses]
    return found


def _groups(found: list[Machine]) -> Document:
    groups: dict[str, list[JsonValue]] = {}
    for one in found:
        names = [f"namespace_{one.namespace}", f"status_{one.phase.lower()}"]
        names += [f"label_{key}_{value}" for key, value in one.labels.items()]
        for name in names:
            groups.setdefault(re.sub(r"[^A-Za-z0-9_]", "_", name), []).append(one.host)
    made: Document = {name: {"hosts": groups[name]} for name in sorted(groups)}
    return {"all": {"hosts": [one.host for one in found]}, **made}
