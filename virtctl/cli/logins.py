"""What ``ssh`` and ``scp`` share: who, where, and under what name the host key is kept."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from virtctl.cli.options import Option
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.cli.targets import Named
from virtctl.client.resources import find
from virtctl.client.subresources import Owner
from virtctl.errors import ExitCode, RemoteExit, VirtctlError
from virtctl.models.documents import Document, flag, objects, text, uid_of
from virtctl.models.kinds import VIRTUAL_MACHINE_INSTANCE
from virtctl.streams.openssh import Login

KNOWN_HOSTS = "~/.ssh/kubevirt_known_hosts"
_EPHEMERAL = frozenset({"containerDisk", "ephemeral", "emptyDisk"})

Username = Annotated[str, Option("--username", "-l", help="User to log in as.", metavar="USER")]
Identity = Annotated[
    str, Option("--identity-file", "-i", help="Private key.", metavar="FILE", complete="file")
]
KnownHosts = Annotated[
    str,
    Option(
        "--known-hosts", help="File of host keys, by the machine's UID; empty leaves them to ssh.",
        metavar="FILE", complete="file",
    ),
]  # fmt: skip
LocalOptions = Annotated[
    list[str],
    Option(
        "--local-ssh-opts", "-t", help="A further word for ssh; may be repeated.", metavar="WORD"
    ),
]
PortNumber = Annotated[
    int, Option("--port", "-p", help="Port that sshd listens on.", limits=(1, 65535))
]


class Wishes(NamedTuple):
    """The flags of ``ssh`` and ``scp``."""

    username: str
    identity: str
    known_hosts: str
    options: list[str]
    port: int


def login(session: Session, machine: Named, wishes: Wishes) -> tuple[Named, Login]:
    """Everything that ssh must be told to reach ``machine`` through us.

    A bare name that turns out to be an instance's alone comes back as that.
    """
    namespace = machine.namespace or session.namespace
    env = session.env
    known_hosts = env.path(wishes.known_hosts) if wishes.known_hosts else ""
    vmi = _instance(session, machine.name, namespace) if known_hosts else None
    if vmi is not None and not machine.typed and not _controller(vmi):
        machine = machine._replace(owner=Owner.VMI)
    target = f"{machine.short}/{machine.name}/{namespace}"
    proxy = session.child_argv("port-forward", "--stdio=true", target, str(wishes.port))
    return machine, Login(
        host=f"{machine.short}.{machine.name}.{namespace}",
        user=machine.user or wishes.username or _user(session),
        proxy=proxy,
        identity=wishes.identity,
        options=tuple(wishes.options),
        alias=alias_of(vmi) if vmi else "",
        known_hosts=known_hosts,
    )


def finish(
    session: Session, machine: Named, where: Login, port: int, code: int, lasted: float = 0.0
) -> Outcome:  # fmt: skip
    """Pass on how ssh or scp ended; 255 is ssh's own code for a connection that failed.

    What failed of it is said then. ``lasted`` is how many seconds it took.
    """
    if code == ExitCode.TRANSPORT:
        from virtctl.cli.sshstages import failed_stage

        stage = failed_stage(session, machine, where, port, lasted)
        session.line(f"error: {machine}: {stage.name}: {stage.why}")
        if stage.hint:
            session.line(f"hint: {stage.hint}")
    if code:
        raise RemoteExit(code)
    return Outcome()


def _user(session: Session) -> str:
    environ = session.env.environ
    return next(
        (environ[name] for name in ("USER", "USERNAME", "LOGNAME") if environ.get(name)), ""
    )


def _instance(session: Session, name: str, namespace: str) -> Document | None:
    try:
        return find(session.rest, VIRTUAL_MACHINE_INSTANCE, namespace, name)
    except VirtctlError:
        return None  # the connection itself will say what is wrong


def alias_of(vmi: Document) -> str:
    """The name a host key is kept under: the UID of what holds the key.

    A machine made anew under an old name has another UID, so its new key is no mismatch. A boot
    disk that is lost at every start takes its keys along; then the instance's UID is used.
    """
    owner = _controller(vmi)
    uid = uid_of(vmi) if _loses_its_disk(vmi) or not owner else owner
    return f"kubevirt-{uid}" if uid else ""


def _controller(vmi: Document) -> str:
    """UID of the object that the instance belongs to, if any."""
    owners = objects(vmi, "metadata", "ownerReferences")
    return next((text(one, "uid") for one in owners if flag(one, "controller")), "")


def _loses_its_disk(vmi: Document) -> bool:
    first = next(iter(objects(vmi, "spec", "volumes")), {})
    return any(kind in first for kind in _EPHEMERAL)
