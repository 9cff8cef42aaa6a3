"""``local up``: start the control plane; ready when it returns."""

from __future__ import annotations

from typing import Annotated

from virtctl.cli.instance import Directory, layout_of
from virtctl.cli.kubeconfigs import check_mergeable, merge_local
from virtctl.cli.options import Option
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session

_WORDS = frozenset({"", "-", "none"})


def run(
    session: Session,
    *,
    directory: Directory = "",
    listen: Annotated[
        str, Option("--listen", help="Address of the API server.", metavar="HOST:PORT")
    ] = "",
    nodes: Annotated[int | None, Option("--nodes", help="How many nodes to make.")] = None,
    pod_cidr: Annotated[
        str, Option("--pod-cidr", help="IPv4 network that pods get addresses from.", metavar="CIDR")
    ] = "",
    pod_cidr6: Annotated[
        str,
        Option("--pod-cidr6", help="IPv6 network that pods get addresses from.", metavar="CIDR"),
    ] = "",
    emulation: Annotated[
        str,
        Option(
            "--emulation",
            help="Run guests on plain QEMU: auto (when KVM does not work), always or never.",
            choices=("auto", "always", "never"),
        ),
    ] = "",
    fabric: Annotated[
        str,
        Option(
            "--fabric",
            help="Network cards that each node gets, joined by a switch of their own.",
            metavar="NAME,...",
        ),
    ] = "",
    nic: Annotated[
        list[str] | None,
        Option(
            "--nic",
            help="Hand a network card of this machine over to a node, until `local down`.",
            metavar="DEVICE[=NAME][@NODE]",
        ),
    ] = None,
    audit_log: Annotated[
        str,
        Option(
            "--audit-log",
            help="Log who asks what of the API: to a file, - (the daemon's log), or none.",
            metavar="FILE",
        ),
    ] = "",
) -> Outcome:
    """Start the control plane on this machine, and add the context `virtctl-local`.

    Returns when the API answers and the nodes are Ready. Run again, it changes nothing.
    """
    from virtctl.local.daemon.starting import Start

    layout = layout_of(session, directory)
    check_mergeable(session)
    with Start(layout, session.env.environ) as start:
        start.foresee()
        from virtctl.local.daemon.up import Wishes, up  # takes long, and goes beside it now
        from virtctl.version import VERSION

        wishes = Wishes(
            listen=listen,
            nodes=nodes,
            pod_cidr=pod_cidr,
            pod_cidr6=pod_cidr6,
            emulation=emulation,
            fabric=fabric,
            nics=tuple(nic or ()),
            audit_log=audit_log if audit_log in _WORDS else session.env.path(audit_log),
            version=VERSION,
        )
        state = up(layout, wishes, start, session.line)
    path = merge_local(session, layout)
    word = "started" if state.fresh else "already running"
    return Outcome(
        f"control plane {word}: https://{state.config.listen}, "
        f"{len(state.config.node_names)} node(s) ready",
        notices=(f"context virtctl-local is current in {path}", *state.notes),
    )
