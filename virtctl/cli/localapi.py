"""A client of one instance, whatever the user's kubeconfig says."""

from __future__ import annotations

from typing import Self

from virtctl.cli.session import Session
from virtctl.errors import LocalError
from virtctl.local.layout import InstanceLayout
from virtctl.models.documents import Document, objects

_PATIENCE = "60s"  # a daemon on the same machine that takes longer is stuck


class LocalApi:
    """Reads of an instance's API with its own kubeconfig; connected by the first of them."""

    def __init__(self, session: Session, layout: InstanceLayout) -> None:
        self._layout = layout
        self._session = session.with_kubeconfig(str(layout.kubeconfig), request_timeout=_PATIENCE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._session.__exit__(*error)

    def get(self, path: str) -> Document:
        """One object. Raises ``ApiError``, ``Unreachable``, ``LocalError`` without an instance."""
        from virtctl.client.messages import Request

        check_there(self._layout)
        return self._session.rest.send(Request("GET", path)).document()

    def list(self, path: str) -> list[Document]:
        """The objects of one collection; raises as ``get`` does."""
        return list(objects(self.get(path), "items"))


def check_there(layout: InstanceLayout) -> None:
    """Refuse to go on where there is no instance, or one that is not ours to look into."""
    try:
        with layout.kubeconfig.open("rb"):
            return
    except (FileNotFoundError, NotADirectoryError):
        raise LocalError(
            f"there is no instance in `{layout.root}`", "start one with `virtctl local up`"
        ) from None
    except PermissionError:
        raise LocalError(
            f"the instance in `{layout.root}` belongs to another user", "run it with sudo"
        ) from None
