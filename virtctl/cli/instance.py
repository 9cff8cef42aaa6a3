"""What the ``local`` and ``image`` commands share: the instance's directory and its flag."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from virtctl.cli.options import Option
from virtctl.cli.session import Session
from virtctl.local.layout import DEFAULT_DIRECTORY, InstanceLayout

Directory = Annotated[
    str,
    Option(
        "--dir", help=f"Directory of the instance (default {DEFAULT_DIRECTORY}).", metavar="DIR"
    ),
]

StructuredOutput = Annotated[
    str,
    Option(
        "--output", "-o", help="Output format: json or yaml; text for people when left out.",
        metavar="FORMAT", choices=("", "json", "yaml"),
    ),
]  # fmt: skip


def layout_of(session: Session, directory: str) -> InstanceLayout:
    """The instance in ``directory``, in ``$VIRTCTL_DIR``, or the default one.

    Names on the host depend on the path, so that symbolic links to it are resolved.
    """
    chosen = directory or session.env.environ.get("VIRTCTL_DIR", "")
    if not chosen:
        return InstanceLayout(DEFAULT_DIRECTORY)
    path = Path(session.env.path(chosen)).resolve()
    return InstanceLayout(DEFAULT_DIRECTORY if path == DEFAULT_DIRECTORY.resolve() else path)
