"""``template list``: the templates of the cluster."""

from __future__ import annotations

from virtctl.cli.options import AllNamespaces, Output, Selector
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.cli.verbs import doing
from virtctl.client import resources
from virtctl.models.documents import Document, flag, name_of, namespace_of, objects, strings, text
from virtctl.models.kinds import TEMPLATE
from virtctl.output.documents import as_list
from virtctl.output.printers import choose
from virtctl.output.tables import grid
from virtctl.wire.templating import parameters

_DESCRIPTION = "description"


def run(
    session: Session,
    *,
    selector: Selector = "",
    all_namespaces: AllNamespaces = False,
    output: Output = "",
) -> Outcome:
    """Show templates, whether they are ready, and the parameters that need a value.

    The names in NEEDS are to be given as `template process NAME -p PARAMETER=VALUE`.
    """  # fmt: skip
    printer = choose(output)
    namespace = "" if all_namespaces else session.namespace
    query = {"labelSelector": selector} if selector else {}
    with doing("cannot list templates"):
        found = resources.list_all(session.rest, TEMPLATE, namespace, query)
    for template in found:
        template.setdefault("apiVersion", TEMPLATE.api_version)
        template.setdefault("kind", TEMPLATE.name)
    if not printer.is_table:
        return Outcome(printer.objects(found, as_list(found)))
    if not found:
        session.line(f"there are no templates{'' if all_namespaces else f' in {namespace}'}")
        return Outcome()
    titles = ["NAME", "READY", "NEEDS", "DESCRIPTION"]
    rows = [_row(template) for template in found]
    if all_namespaces:
        titles.insert(0, "NAMESPACE")
        rows = [[namespace_of(template), *row] for template, row in zip(found, rows, strict=True)]
    return Outcome("\n".join(grid([titles, *rows])))


def _row(template: Document) -> list[str]:
    needed = [
        text(parameter, "name")
        for parameter in parameters(template)
        if flag(parameter, "required")
        and not text(parameter, "value")
        and not text(parameter, "generate")
    ]
    ready = [
        text(condition, "status")
        for condition in objects(template, "status", "conditions")
        if text(condition, "type") == "Ready"
    ]
    about = strings(template, "metadata", "annotations").get(_DESCRIPTION, "")
    return [name_of(template), ready[0] if ready else "-", ",".join(needed) or "-", about]
