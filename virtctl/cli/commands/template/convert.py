"""``template convert``: an OpenShift template to a VirtualMachineTemplate."""

from __future__ import annotations

from typing import Annotated

from virtctl.cli.options import Argument, Option
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.cli.templates import TemplateName, TemplateOutput, one_name, printed, source
from virtctl.cli.verbs import doing
from virtctl.client.resources import get
from virtctl.manifests.template import OPENSHIFT_API, OPENSHIFT_KIND, convert
from virtctl.models.documents import Document
from virtctl.models.kinds import Kind

_GROUP, _, _VERSION = OPENSHIFT_API.partition("/")
_TEMPLATE = Kind(_GROUP, _VERSION, OPENSHIFT_KIND, "templates")


def run(
    session: Session,
    word: Annotated[str, Argument("NAME", help="Name of a template of the cluster.")] = "",
    *,
    name: TemplateName = "",
    file: Annotated[
        str,
        Option(
            "--file",
            "-f",
            help="File of a template, or `-` for stdin.",
            complete="file",
            group=("from",),
        ),
    ] = "",
    output: TemplateOutput = "yaml",
) -> Outcome:
    """Print an OpenShift template as a VirtualMachineTemplate."""  # fmt: skip

    def found(name: str) -> Document:
        return get(session.rest, _TEMPLATE, session.namespace, name)

    shown, template = source(session, one_name(word, name), file, found)
    with doing(f"cannot convert {shown}"):
        return printed(convert(template), output)
