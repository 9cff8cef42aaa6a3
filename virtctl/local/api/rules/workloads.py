"""Rules of kinds that make pods: selectors fit templates, and pods of a kind restart as it asks."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from virtctl.errors import Cause
from virtctl.local.api.rules.causes import invalid, not_supported, required
from virtctl.models import documents, kinds
from virtctl.models.documents import Document
from virtctl.models.kinds import Kind

_ENDLESS = frozenset({
    kinds.DEPLOYMENT, kinds.REPLICA_SET, kinds.DAEMON_SET, kinds.STATEFUL_SET,
})  # fmt: skip
"""Kinds whose pods are always restarted."""
MAKERS = _ENDLESS | {kinds.JOB, kinds.CRON_JOB}
"""Kinds that have rules here."""
_MACRO = re.compile(r"@(yearly|annually|monthly|weekly|daily|midnight|hourly|every \S+)")
_FIELDS = 5  # of a schedule


def workload_causes(kind: Kind, document: Document) -> Iterator[Cause]:
    """What is wrong with an object that makes pods."""
    spec = documents.child(document, "spec")
    if kind in _ENDLESS:
        yield from _selector_causes(spec)
        yield from _template_causes(spec, "spec")
        policy = documents.text(spec, "template", "spec", "restartPolicy")
        if policy not in {"", "Always"}:
            problem = f'Unsupported value: "{policy}": supported values: "Always"'
            yield not_supported("spec.template.spec.restartPolicy", problem)
    elif kind == kinds.JOB:
        yield from _job_causes(spec, "spec")
    elif kind == kinds.CRON_JOB:
        yield from _schedule_causes(documents.text(spec, "schedule"))
        yield from _job_causes(
            documents.child(spec, "jobTemplate", "spec"), "spec.jobTemplate.spec"
        )


def _selector_causes(spec: Document) -> Iterator[Cause]:
    labels = documents.strings(spec, "template", "metadata", "labels")
    wanted = documents.strings(spec, "selector", "matchLabels")
    if wanted and any(labels.get(key) != value for key, value in wanted.items()):
        shown = msgspec.json.encode(labels, order="sorted").decode() if labels else "null"
        problem = f"Invalid value: {shown}: `selector` does not match template `labels`"
        yield invalid("spec.template.metadata.labels", problem)


def _template_causes(spec: Document, path: str) -> Iterator[Cause]:
    for position, container in enumerate(documents.objects(spec, "template", "spec", "containers")):
        if not container.get("image"):
            field = f"{path}.template.spec.containers[{position}].image"
            yield required(field, "Required value")


def _job_causes(spec: Document, path: str) -> Iterator[Cause]:
    yield from _template_causes(spec, path)
    field, policy = (
        f"{path}.template.spec.restartPolicy",
        documents.text(spec, "template", "spec", "restartPolicy"),
    )
    if policy in {"", "Always"}:
        yield required(field, 'Required value: valid values: "OnFailure", "Never"')
    elif policy not in {"OnFailure", "Never"}:
        problem = f'Unsupported value: "{policy}": supported values: "Never", "OnFailure"'
        yield not_supported(field, problem)


def _schedule_causes(schedule: str) -> Iterator[Cause]:
    """A schedule has five fields, or is a word for one; their values are not looked at."""
    if not schedule:
        yield required("spec.schedule", "Required value")
        return
    given = schedule.split()
    if given[:1] and re.match(r"(CRON_)?TZ=", given[0]):
        given = given[1:]
    if _MACRO.fullmatch(" ".join(given)) or len(given) == _FIELDS:
        return
    if schedule.startswith("@"):
        problem = f"unrecognized descriptor: {schedule}"
    else:
        found = f"{len(given)}: [{' '.join(given)}]"
        problem = f"expected exactly {_FIELDS} fields, found {found}"
    yield invalid("spec.schedule", f'Invalid value: "{schedule}": {problem}')
