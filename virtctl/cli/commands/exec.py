"""``exec``: a program in the guest, run by its agent."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from virtctl.cli.drive import drive
from virtctl.cli.durations import seconds
from virtctl.cli.options import Argument, Timeout, VmName
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.cli.verbs import doing
from virtctl.client.launchers import LAUNCHER, launcher
from virtctl.client.resources import path
from virtctl.client.sockets import dial
from virtctl.errors import StreamError
from virtctl.models.documents import name_of
from virtctl.models.kinds import POD
from virtctl.streams.channels import ProgramOutput
from virtctl.wire.channels import V4, V5


def run(
    session: Session,
    name: VmName,
    command: Annotated[list[str], Argument("COMMAND", help="The guest's program, after `--`.")],
    *,
    timeout: Timeout = "30s",
) -> Outcome:
    """Run a program in the guest, without network and keys, and exit with its exit code.

    The guest agent runs it, as its own user, without input; its output comes when it has ended. It
    goes on in the guest when it takes longer than `--timeout`.

    In a cluster this needs the right to `create` `pods/exec` in the machine's namespace, since it
    runs KubeVirt's own `virt-probe` in the machine's pod.
    """
    patience = max(1, round(seconds(timeout, "--timeout")))
    with doing(f"cannot run `{command[0]}` in {name}"):
        pod = launcher(session.rest, session.namespace, name)
        argv = (
            "virt-probe", "--domainName", f"{session.namespace}_{name}",
            "--timeoutSeconds", str(patience), "--command", command[0], "--", *command[1:],
        )  # fmt: skip
        query = [("container", LAUNCHER), ("stdout", "true"), ("stderr", "true")]
        words = urlencode([*query, *(("command", word) for word in argv)])
        where = path(POD, session.namespace, name_of(pod), "exec")
        return Outcome(code=drive(_run(session, f"{where}?{words}")))


async def _run(session: Session, where: str) -> int:
    output = ProgramOutput(await dial(session.rest, where, None, (V5, V4)))
    try:
        while part := await output.receive():
            channel = session.env.stderr if part.is_error else session.env.stdout
            channel.write(part.data.decode(errors="replace"))
            channel.flush()
    finally:
        await output.close()
    if output.code is None:
        raise StreamError("the connection ended before the program did")
    return output.code
