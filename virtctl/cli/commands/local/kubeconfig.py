"""``local kubeconfig``: print the instance's kubeconfig, or merge it into the user's."""

from __future__ import annotations

import json
from typing import Annotated

from virtctl.cli.instance import Directory, layout_of
from virtctl.cli.kubeconfigs import merge_local
from virtctl.cli.localapi import check_there
from virtctl.cli.options import Option
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session


def run(
    session: Session,
    *,
    directory: Directory = "",
    merge: Annotated[
        bool, Option("--merge", help="Put its context into your kubeconfig instead of printing it.")
    ] = False,
) -> Outcome:
    """Print the instance's kubeconfig."""
    layout = layout_of(session, directory)
    check_there(layout)
    if merge:
        return Outcome(
            notices=(f"context virtctl-local is current in {merge_local(session, layout)}",)
        )
    from virtctl.output.documents import as_yaml

    return Outcome(as_yaml(json.loads(layout.kubeconfig.read_text())))
