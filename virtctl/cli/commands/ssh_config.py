"""``ssh-config``: machines as hosts in ssh's own configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from virtctl.cli.logins import KNOWN_HOSTS, Identity, KnownHosts, Wishes
from virtctl.cli.options import AllNamespaces, Option, Selector
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.cli.sshhosts import User, login, machines
from virtctl.errors import VirtctlError
from virtctl.streams.openssh import config

_OWN, _INCLUDE = "kubevirt_config", "Include kubevirt_config"
_HEAD = "# written by `virtctl ssh-config --write`; run it again for new machines\n\n"


def run(
    session: Session,
    *,
    selector: Selector = "",
    all_namespaces: AllNamespaces = False,
    username: User = "",
    identity_file: Identity = "",
    known_hosts: KnownHosts = KNOWN_HOSTS,
    write: Annotated[
        bool,
        Option("--write", help="Write it to ~/.ssh/kubevirt_config, included by ~/.ssh/config."),
    ] = False,
) -> Outcome:
    """Print blocks of ssh_config, so that plain ssh, scp, rsync and editors reach machines.

    A machine is called `vm.NAME.NAMESPACE`, as `virtctl ssh` calls it, or NAME.NAMESPACE.
    """
    wishes = Wishes(username, identity_file, known_hosts, [], 22)
    found = machines(session, selector, everywhere=all_namespaces)
    blocks = [
        config(login(session, one, wishes), (one.host, f"{one.name}.{one.namespace}"), "%p")
        for one in found
    ]
    text = "\n".join(blocks)
    if not write:
        return Outcome(text)
    directory = Path(session.env.path("~/.ssh"))
    try:
        changed = _write(directory, _HEAD + text)
    except OSError as error:
        raise VirtctlError(f"cannot write `{directory}`: {error.strerror}") from error
    session.line(f"{len(found)} machines in {directory / _OWN}{changed}")
    return Outcome()


def _write(directory: Path, text: str) -> str:
    """Write our file, and include it once, first: ssh takes the first value that it meets."""
    directory.mkdir(mode=0o700, exist_ok=True)
    _replace(directory / _OWN, text)
    main = directory / "config"
    held = main.read_text() if main.exists() else ""
    if any(line.strip() == _INCLUDE for line in held.splitlines()):
        return ""
    _replace(main, f"{_INCLUDE}\n\n{held}" if held else f"{_INCLUDE}\n")
    return f", now included by {main}"


def _replace(path: Path, text: str) -> None:
    """Write it whole or not at all, for nobody else to read."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.write_text(text)
    fresh.chmod(0o600)
    fresh.replace(path.resolve())
