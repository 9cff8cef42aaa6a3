"""``guestfs``: libguestfs' tools on a claim, in a pod of the cluster."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import Annotated

from virtctl.cli.drive import drive, ended_by_signals
from virtctl.cli.interactive import converse
from virtctl.cli.options import INT64, Argument, Option
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.cli.verbs import doing
from virtctl.client import resources
from virtctl.client.messages import Request
from virtctl.client.sockets import dial
from virtctl.client.subresources import ROOT
from virtctl.errors import NotFound, UsageError, VirtctlError, WaitTimeout
from virtctl.manifests.guestfs import CONTAINER, Wish, build, pod_name
from virtctl.models.documents import Document, items, name_of, objects, text
from virtctl.models.kinds import POD, PVC, VIRTUAL_MACHINE
from virtctl.streams.channels import ChannelDuplex, Terminal
from virtctl.streams.stdio import DescriptorDuplex
from virtctl.streams.terminal import EscapeFilter, raw
from virtctl.wire.channels import V4, V5, TerminalSize

_POLICIES = ("Always", "IfNotPresent", "Never")
_POLL, _PATIENCE = 1.0, 500.0


def run(
    session: Session,
    claim: Annotated[str, Argument("PVC", help="Name of the claim.", complete="pvc")],
    *,
    image: Annotated[
        str, Option("--image", help="Image of the tools; KubeVirt's own by default.")
    ] = "",
    kvm: Annotated[bool, Option("--kvm", help="Let it use KVM.")] = True,
    pull_policy: Annotated[
        str, Option("--pull-policy", help="Always, IfNotPresent or Never.")
    ] = "IfNotPresent",
    root: Annotated[bool, Option("--root", help="Run the tools as root.")] = False,
    uid: Annotated[str, Option("--uid", help="User to run them as.", metavar="NUMBER")] = "",
    gid: Annotated[str, Option("--gid", help="Group, with --uid.", metavar="NUMBER")] = "",
    fs_group: Annotated[
        str, Option("--fsGroup", help="Group that the volume's files get.", metavar="NUMBER")
    ] = "",
    vm: Annotated[str, Option("--vm", help="Run where this machine would.", complete="vm")] = "",
) -> Outcome:
    """Start a shell with libguestfs' tools on a claim that no pod uses.

    Ctrl+] ends it. The pod is deleted afterwards.
    """
    if pull_policy not in _POLICIES:
        wanted = ", ".join(_POLICIES)
        raise UsageError(
            f"invalid argument `{pull_policy}` for flag `--pull-policy`: must be one of {wanted}"
        )
    with doing(f"cannot open claim {claim}"):
        used = image or _image(session)
        session.line(f"Use image: {used}")
        document = _free(session, claim)
        pod = pod_name(claim)
        try:
            ids = _ids(uid, gid, fs_group, root=root)
            wish = Wish(used, pull_policy, kvm, root, *ids)
            with ended_by_signals():
                _work(session, document, wish, vm)
        finally:
            _remove(session, pod)
    return Outcome()


def _remove(session: Session, pod: str) -> None:
    """Delete the pod; where that fails, what went wrong before is what the user is told."""
    try:
        resources.delete(session.rest, POD, session.namespace, pod)
    except NotFound:
        return
    except VirtctlError as error:
        session.line(f"warning: pod {pod} of namespace {session.namespace} is not deleted: {error}")


def _image(session: Session) -> str:
    """KubeVirt's own image of the tools."""
    info = session.rest.send(Request("GET", f"{ROOT}/guestfs")).document()
    if text(info, "gsImage"):
        return text(info, "gsImage")
    registry = text(info, "registry")
    name = f"{registry + '/' if registry else ''}{text(info, 'imagePrefix')}libguestfs-tools"
    digest = text(info, "digest")
    return f"{name}@{digest}" if digest else f"{name}:{text(info, 'tag')}"


def _free(session: Session, name: str) -> Document:
    """The claim. Raises ``VirtctlError`` when it is not there or a pod has it."""
    claim = resources.find(session.rest, PVC, session.namespace, name)
    if claim is None:
        raise NotFound(f"the PVC {name} doesn't exist")
    for pod in resources.list_all(session.rest, POD, session.namespace):
        claims = (
            text(volume, "persistentVolumeClaim", "claimName")
            for volume in objects(pod, "spec", "volumes")
        )
        if name in claims and text(pod, "status", "phase") not in {"Succeeded", "Failed"}:
            raise VirtctlError(f"PVC {name} is used by another pod: {name_of(pod)}")
    return claim


def _ids(
    uid: str, gid: str, fs_group: str, *, root: bool
) -> tuple[int | None, int | None, int | None]:
    if gid and not uid:
        raise UsageError("flag `--gid` requires the uid to be set", "give --uid")
    if root and uid:
        raise UsageError("cannot set uid if root is true", "give --uid or --root")
    if root and fs_group:
        raise UsageError("cannot set fsGroup id with root", "give --fsGroup or --root")
    return _number(uid, "--uid"), _number(gid, "--gid"), _number(fs_group, "--fsGroup")


def _number(word: str, flag: str) -> int | None:
    if not word:
        return None
    digits = word[1:] if word[0] in "+-" else word
    if digits.isascii() and digits.isdigit() and INT64[0] <= int(word) <= INT64[1]:
        return int(word)  # which numbers can be users and groups is the server's to say
    raise UsageError(f"invalid argument `{word}` for flag `{flag}`: must be a number")


def _work(session: Session, claim: Document, wish: Wish, vm: str) -> None:
    rest, namespace = session.rest, session.namespace
    machine = resources.get(rest, VIRTUAL_MACHINE, namespace, vm) if vm else None
    document = build(claim, wish, machine)
    resources.create(rest, POD, namespace, document)
    _wait(session, name_of(document))
    drive(_attach(session, name_of(document)))


def _wait(session: Session, pod: str) -> None:
    """Wait until the tools run. Raises ``WaitTimeout``, ``VirtctlError`` when they ended."""
    env = session.env
    deadline = env.monotonic() + _PATIENCE
    told = ""
    while True:
        found = resources.get(session.rest, POD, session.namespace, pod)
        phase, stage = text(found, "status", "phase"), _stage(found)
        if phase == "Running":
            return
        if phase in {"Failed", "Succeeded"}:
            said = text(found, "status", "message") or stage
            raise VirtctlError(f"pod {pod} has ended already: {said}")
        if stage != told:
            session.line(f"waiting for pod {pod}: {stage}")
            told = stage
        if env.monotonic() + _POLL > deadline:
            raise WaitTimeout(f"pod {pod}", _PATIENCE, f"at the end {stage}")
        env.sleep(_POLL)


def _stage(pod: Document) -> str:
    for container in objects(pod, "status", "containerStatuses"):
        for state in ("waiting", "terminated"):
            reason = text(container, "state", state, "reason")
            if reason:
                said = text(container, "state", state, "message")
                return f"{reason}{': ' + said if said else ''}"
    for condition in items(pod, "status", "conditions"):
        if isinstance(condition, dict) and text(condition, "status") == "False":
            message = text(condition, "message")
            if message:
                return message
    return f"phase {text(pod, 'status', 'phase') or 'Pending'}"


async def _attach(session: Session, pod: str) -> None:
    where = resources.path(POD, session.namespace, pod, "attach")
    query = {"container": CONTAINER, "stdin": "true", "stdout": "true", "tty": "true"}
    remote = ChannelDuplex(await dial(session.rest, where, query, (V5, V4)))
    env = session.env
    try:
        with raw(env.stdin.fileno()) as terminal:
            env.stderr.write("If you don't see a command prompt, try pressing enter.\r\n")
            env.stderr.flush()
            sizes = asyncio.create_task(_resizes(remote, env.stdin.fileno())) if terminal else None
            local = DescriptorDuplex(env.stdin.fileno(), env.stdout.fileno())
            try:
                await converse(local, remote, EscapeFilter(tilde=terminal), env.stdout.fileno())
            finally:
                await local.close()
                if sizes is not None:
                    sizes.cancel()
    except BrokenPipeError:
        return  # whoever read it has seen enough
    finally:
        await remote.close()


async def _resizes(remote: Terminal, descriptor: int) -> None:
    """Tell the program of the terminal's size, now and whenever it changes."""
    changed = asyncio.Event()
    changed.set()
    asyncio.get_running_loop().add_signal_handler(signal.SIGWINCH, changed.set)
    while True:
        await changed.wait()
        changed.clear()
        columns, rows = os.get_terminal_size(descriptor)
        await remote.resize(TerminalSize(columns, rows))
