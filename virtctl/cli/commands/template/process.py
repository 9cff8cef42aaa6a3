"""``template process``: a machine out of a template."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from virtctl.cli.options import Argument, Option
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.cli.stringmaps import string_map
from virtctl.cli.templates import TemplateName, TemplateOutput, one_name, printed, source
from virtctl.cli.verbs import doing
from virtctl.client import resources
from virtctl.client.messages import Request, segment
from virtctl.errors import UsageError
from virtctl.manifests import template as templates
from virtctl.models.documents import Document, JsonValue, child, name_of, text
from virtctl.models.kinds import TEMPLATE
from virtctl.wire import templating

_ROOT = "/apis/subresources.template.kubevirt.io/v1beta1"


def run(
    session: Session,
    word: Annotated[
        str, Argument("NAME", help="Name of a template of the cluster.", complete="template")
    ] = "",
    *,
    name: TemplateName = "",
    file: Annotated[
        str,
        Option(
            "--file",
            "-f",
            help="File of a template, or `-` for stdin.",
            complete="file",
            group=("from", "file or local", "file or create"),
        ),
    ] = "",
    param: Annotated[
        list[str],
        Option(
            "--param",
            "-p",
            help="Value of a parameter.",
            metavar="NAME=VALUE",
            group=("parameters",),
        ),
    ] = [],  # noqa: B006 - never changed
    params_file: Annotated[
        str,
        Option(
            "--params-file",
            help="File of values, JSON or lines of NAME=VALUE.",
            complete="file",
            group=("parameters",),
        ),
    ] = "",
    local: Annotated[
        bool,
        Option(
            "--local",
            help="Fill it in here, not on the server.",
            group=("file or local", "create or local"),
        ),
    ] = False,
    create: Annotated[
        bool,
        Option(
            "--create",
            help="Have the server make the machine, too.",
            group=("create or local", "file or create", "create or print"),
        ),
    ] = False,
    print_params: Annotated[
        bool,
        Option("--print-params", help="Print its parameters only.", group=("create or print",)),
    ] = False,
    output: TemplateOutput = "yaml",
) -> Outcome:
    """Print the machine that a template makes; what its author has to say goes to stderr.

    A template of the cluster is filled in by the server, one of a file here.
    """  # fmt: skip
    values = {} if print_params else _values(session, param, params_file)
    chosen = one_name(word, name)
    if chosen and not (file or local or print_params):
        return _remote(session, chosen, values, output, create=create)

    def found(name: str) -> Document:
        return resources.get(session.rest, TEMPLATE, session.namespace, name)

    shown, template = source(session, chosen, file, found)
    with doing(f"cannot process {shown}"):
        templates.check_kind(template)
        if print_params:
            there = "parameters" in child(template, "spec")
            found_here = list[JsonValue](templating.parameters(template))
            return printed(found_here if there else None, output)
        filled = templating.process(template, values, session.env.random)
        from virtctl.cli.decoding import strictly  # the models cost 100 ms

        vm = strictly(filled.vm)
    with doing(f"the machine of {shown} breaks the rules that it carries"):
        warned = templates.checked(vm)
    for line in (*filled.warnings, *warned, filled.message):
        if line:
            session.line(line)
    return printed(vm, output)


def _values(session: Session, param: list[str], file: str) -> dict[str, str]:
    if not file:
        return string_map(param, "--param")
    try:
        content = Path(session.env.path(file)).read_text()
    except OSError as error:
        raise UsageError(f"file `{file}` cannot be read: {error.strerror}") from error
    with doing(file):
        return templates.read_parameters(content)


def _remote(
    session: Session, name: str, values: dict[str, str], output: str, *, create: bool
) -> Outcome:
    verb = "create" if create else "process"
    where = f"{_ROOT}/namespaces/{session.namespace}/virtualmachinetemplates/{segment(name)}/{verb}"
    body: Document = {"parameters": dict(values)} if values else {}
    with doing(f"cannot {verb} template {name}"):
        answer = session.rest.send(Request("POST", where, body=body)).document()
    vm, message = child(answer, "virtualMachine"), text(answer, "message")
    if message:
        session.line(message)
    if create:
        return Outcome(f"virtualmachine.kubevirt.io/{name_of(vm)} created")
    from virtctl.cli.decoding import loosely

    with doing(f"cannot {verb} template {name}"):
        machine = loosely(vm)
    return printed(machine, output)
