"""``credentials add-ssh-key``: let a user log in with a key."""

from __future__ import annotations

from typing import Annotated

from virtctl.cli.credentials import (
    Force,
    KeyFile,
    KeyValue,
    SecretName,
    User,
    read_key,
    set_entry,
)
from virtctl.cli.making import suffix
from virtctl.cli.options import Option, VmName
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.cli.verbs import doing
from virtctl.client import resources
from virtctl.errors import ApiError, VirtctlError
from virtctl.manifests import credentials
from virtctl.models.documents import Document, name_of, text
from virtctl.models.kinds import SECRET, VIRTUAL_MACHINE, VIRTUAL_MACHINE_INSTANCE


def run(
    session: Session,
    name: VmName,
    *,
    user: User = "",
    file: KeyFile = "",
    value: KeyValue = "",
    secret: SecretName = "",
    create_secret: Annotated[
        bool, Option("--create-secret", help="Put it into a new secret.", group=("secret",))
    ] = False,
    update_secret: Annotated[
        bool, Option("--update-secret", help="Put it into one assigned.", group=("secret",))
    ] = False,
    force: Force = False,
) -> Outcome:
    """Let a user of the guest log in with an SSH key, through the guest agent.

    The key goes into a secret that the machine gives to the user, or into a new one when there is
    none. A running machine takes up a new secret at its next start only.
    """
    key = read_key(session, file, value)
    with doing(f"cannot add the key to VM {name}"):
        vm = resources.get(session.rest, VIRTUAL_MACHINE, session.namespace, name)
        assigned = credentials.ssh_secrets(vm, user)
        if create_secret or not (assigned or update_secret):
            _create(session, vm, user, key, force=force)
            return Outcome()
        chosen = credentials.choose(assigned, secret, f"no secrets specified for user: {user}")
        return _update(session, vm, chosen, key, force=force)


def _create(session: Session, vm: Document, user: str, key: str, *, force: bool) -> None:
    rest, namespace, name = session.rest, session.namespace, name_of(vm)
    if not force:
        vmi = resources.find(rest, VIRTUAL_MACHINE_INSTANCE, namespace, name)
        if vmi is not None and text(vmi, "status", "phase") not in {"Succeeded", "Failed"}:
            raise VirtctlError(
                f"virtual machine {name} is running",
                "--force adds it nevertheless; the guest gets it after a restart",
            )
    document = credentials.new_secret(vm, f"ssh-key-{suffix(session, 6)}", key)
    secret = name_of(resources.create(rest, SECRET, namespace, document))
    for first in (False, True):
        try:
            patch = credentials.assign(secret, user, first=first)
            resources.patch(rest, VIRTUAL_MACHINE, namespace, name, patch, resources.JSON_PATCH)
        except ApiError:
            if first:
                raise
        else:
            return


def _update(session: Session, vm: Document, secret: str, key: str, *, force: bool) -> Outcome:
    held = resources.get(session.rest, SECRET, session.namespace, secret)
    if credentials.holds(held, key):
        return Outcome(f'Secret "{secret}" already contains this SSH key.')
    if not force:
        credentials.check_owner(held, vm)
    set_entry(session, secret, f"ssh-key-{suffix(session, 6)}", key)
    return Outcome(f'Successfully added the key to secret "{secret}"')
