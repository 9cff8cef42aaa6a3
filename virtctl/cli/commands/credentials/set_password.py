"""``credentials set-password``: give a user another password."""

from __future__ import annotations

from typing import Annotated

from virtctl.cli.credentials import Force, SecretName, User, set_entry
from virtctl.cli.options import Option, VmName
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.cli.verbs import doing
from virtctl.client import resources
from virtctl.manifests import credentials
from virtctl.models.kinds import SECRET, VIRTUAL_MACHINE

_NOBODY = "no secrets assigned to UserPassword AccessCredentials"


def run(
    session: Session,
    name: VmName,
    *,
    user: User = "",
    password: Annotated[
        str, Option("--password", "-p", help="The new password.", required=True)
    ] = "",
    secret: SecretName = "",
    force: Force = False,
) -> Outcome:
    """Give a user of the guest another password, through the guest agent."""
    with doing(f"cannot set the password in VM {name}"):
        vm = resources.get(session.rest, VIRTUAL_MACHINE, session.namespace, name)
        chosen = credentials.choose(credentials.password_secrets(vm), secret, _NOBODY)
        if not force:
            held = resources.get(session.rest, SECRET, session.namespace, chosen)
            credentials.check_owner(held, vm)
        set_entry(session, chosen, user, password)
    return Outcome(f'Successfully set password in secret "{chosen}"')
