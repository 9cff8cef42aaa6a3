"""One line of hint when a refusal may come from client and server being of different releases."""

from __future__ import annotations

import re

from virtctl.cli.session import Session
from virtctl.errors import ApiError, NotFound, UnsupportedMediaType, VirtctlError
from virtctl.models.documents import text
from virtctl.version import KUBEVIRT


def explain(session: Session, error: ApiError) -> None:
    """Give ``error`` a hint when it looks like skew and the server is of another release."""
    if error.hint or not _looks_like_it(error):
        return
    from virtctl.client.subresources import server_version

    try:
        version = text(server_version(session.rest), "gitVersion")
    except VirtctlError:
        return  # the error says enough
    release = re.match(r"v\d+\.\d+", version)
    if release and release.group(0) != KUBEVIRT:
        error.hint = (
            f"the server is KubeVirt {version}, this client speaks {KUBEVIRT}; "
            "see `virtctl version`"
        )


def _looks_like_it(error: ApiError) -> bool:
    said = str(error)
    if isinstance(error, NotFound):
        return "could not find the requested resource" in said
    return isinstance(error, UnsupportedMediaType) or "unknown field" in said
