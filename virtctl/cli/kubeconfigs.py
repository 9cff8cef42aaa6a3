"""The user's kubeconfig and the instance's context in it, as kind does it for its clusters."""

from __future__ import annotations

import json
from pathlib import Path

from virtctl.cli.session import Session
from virtctl.local.layout import InstanceLayout
from virtctl.models.documents import Document, objects, text


def user_file(session: Session) -> Path:
    """The file that is written: ``--kubeconfig``, the first of ``$KUBECONFIG``, or the default."""
    return _files(session)[0]


def _files(session: Session) -> list[Path]:
    given = session.flags.text("kubeconfig")
    listed = [part for part in session.env.environ.get("KUBECONFIG", "").split(":") if part]
    chosen = [given] if given else listed or ["~/.kube/config"]
    return [Path(session.env.path(each)) for each in chosen]


def check_mergeable(session: Session) -> None:
    """Refuse a kubeconfig that cannot be written to, before anything else is done.

    Raises ``ConfigError`` for a file that is none.
    """
    _read(user_file(session))


def merge_local(session: Session, layout: InstanceLayout) -> Path:
    """Put the instance's context into the user's kubeconfig and make it current."""
    from virtctl.client.kubeconfig_files import merge_context

    path = user_file(session)
    merge_context(path, json.loads(layout.kubeconfig.read_text()))
    return path


def certificate_authority(layout: InstanceLayout) -> str:
    """What tells the instance's context from another instance's; empty without an instance."""
    try:
        return _authority(json.loads(layout.kubeconfig.read_text()))
    except (OSError, ValueError):
        return ""


def forget_local(session: Session, authority: str) -> tuple[Path, ...]:
    """Take the context of the instance with this CA out of the user's kubeconfigs.

    A context of the same name that leads to another instance stays. Returns the changed files.
    """
    from virtctl.client.kubeconfig_files import remove_context

    changed = []
    for path in _files(session):
        if authority and _authority(_read(path)) == authority:
            from virtctl.local.pki import CONTEXT

            remove_context(path, CONTEXT)
            changed.append(path)
    return tuple(changed)


def _read(path: Path) -> Document:
    from virtctl.client.kubeconfig import parse

    return parse(path.read_bytes(), str(path)) if path.exists() else {}


def _authority(kubeconfig: Document) -> str:
    """The CA of the cluster that our context's name stands for."""
    from virtctl.local.pki import CONTEXT

    for entry in objects(kubeconfig, "clusters"):
        if text(entry, "name") == CONTEXT:
            return text(entry, "cluster", "certificate-authority-data")
    return ""
