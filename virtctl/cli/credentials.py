"""What the ``credentials`` commands share: flags, and where an SSH key comes from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from virtctl.cli.options import Option
from virtctl.cli.session import Session
from virtctl.client import resources
from virtctl.errors import ApiError, UsageError
from virtctl.manifests import credentials
from virtctl.models.kinds import SECRET

Force = Annotated[
    bool, Option("--force", help="Do it though the machine runs, or does not own the secret.")
]
KeyFile = Annotated[
    str,
    Option(
        "--file", "-f", help="File with the public key.", complete="file", group=("key",),
    ),
]  # fmt: skip
KeyValue = Annotated[str, Option("--value", help="The public key itself.", group=("key",))]
SecretName = Annotated[
    str, Option("--secret", help="Secret to change, when there are several.", complete="secret")
]
User = Annotated[str, Option("--user", "-u", help="User inside the guest.", required=True)]


def set_entry(session: Session, secret: str, key: str, value: str) -> None:
    """Set one entry of a secret, which may be without data so far. Raises ``ApiError``."""
    for first in (False, True):
        patch = credentials.entry(key, value, first=first)
        try:
            resources.patch(
                session.rest, SECRET, session.namespace, secret, patch, resources.JSON_PATCH
            )
        except ApiError:
            if first:
                raise
        else:
            return


def read_key(session: Session, file: str, value: str) -> str:
    """The public key of ``--file`` or ``--value``. Raises ``UsageError``."""
    if value:
        return value
    if not file:
        raise UsageError("missing flag `--file` or `--value`", "one of them gives the public key")
    try:
        return Path(session.env.path(file)).read_text()
    except OSError as error:
        raise UsageError(f"key file `{file}` cannot be read: {error.strerror}") from error
