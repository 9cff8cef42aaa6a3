"""``credentials remove-ssh-key``: let a user no longer log in with a key."""

from __future__ import annotations

from virtctl.cli.credentials import Force, KeyFile, KeyValue, SecretName, User, read_key
from virtctl.cli.options import VmName
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.cli.verbs import doing
from virtctl.client import resources
from virtctl.errors import Conflict, NotFound, UsageError
from virtctl.manifests import credentials
from virtctl.models.documents import Document
from virtctl.models.kinds import SECRET, VIRTUAL_MACHINE

_TRIES = 5


def run(
    session: Session,
    name: VmName,
    *,
    user: User = "",
    file: KeyFile = "",
    value: KeyValue = "",
    secret: SecretName = "",
    force: Force = False,
) -> Outcome:
    """Take an SSH key out of all secrets whose keys a user of the guest gets."""
    key = read_key(session, file, value)
    if not key.strip():
        raise UsageError("the key is empty: it would be the beginning of all keys")
    with doing(f"cannot remove the key from VM {name}"):
        vm = resources.get(session.rest, VIRTUAL_MACHINE, session.namespace, name)
        names = credentials.ssh_secrets(vm, user)
        if not names:
            return Outcome(f"No secrets associated with user {user}")
        if secret:
            names = [credentials.choose(names, secret, "")]
        for one in dict.fromkeys(names):
            _remove(session, vm, one, key, force=force)
    return Outcome()


def _remove(session: Session, vm: Document, secret: str, key: str, *, force: bool) -> None:
    """Change one secret, again when somebody else was faster."""
    for left in reversed(range(_TRIES)):
        held = resources.find(session.rest, SECRET, session.namespace, secret)
        if held is None:
            return  # the machine names it, and nobody has made it
        if not force:
            credentials.check_owner(held, vm)
        try:
            changed = credentials.without(held, key)
            resources.replace(session.rest, SECRET, session.namespace, changed)
        except Conflict:
            if not left:
                raise
        except NotFound:
            return
        else:
            return
