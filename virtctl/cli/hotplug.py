"""What ``addvolume`` and ``removevolume`` share: the target, and trying again."""

from __future__ import annotations

from typing import Annotated

from virtctl.cli.options import Option
from virtctl.cli.session import Session
from virtctl.client import subresources
from virtctl.client.subresources import Owner
from virtctl.errors import Invalid, NotFound
from virtctl.models.documents import Document

_TRIES = 15
_BUSY = "the server rejected our request due to an error in our request"

VolumeName = Annotated[
    str, Option("--volume-name", help="Volume: a DataVolume or claim.", required=True)
]
Persist = Annotated[
    bool, Option("--persist", help="Has no effect: what a VM is given it keeps.", hidden=True)
]


def submit(session: Session, name: str, verb: str, body: Document) -> None:
    """PUT ``verb`` to the VM, or to the instance when there is no VM of the name.

    A VM that changes under the request is asked again: the server then refuses with 422 and these
    very words. Raises ``ApiError``.
    """
    for attempt in range(1, _TRIES + 1):
        try:
            _submit(session, name, verb, body)
        except Invalid as error:
            if str(error) != _BUSY or attempt == _TRIES:
                raise
            session.env.sleep(attempt * (session.env.random(1)[0] % 5) / 1000)
        else:
            return


def _submit(session: Session, name: str, verb: str, body: Document) -> None:
    namespace = session.namespace
    try:
        subresources.put(session.rest, Owner.VM, namespace, name, verb, body)
    except NotFound:
        subresources.put(session.rest, Owner.VMI, namespace, name, verb, body)
