"""What KubeVirt's webhooks check of an object themselves, in words of their own, and decode.

Their schema is made of the Go types. It knows choices that the definitions leave open, and lacks a
few that these have. What it lets through is decoded, which fails for numbers below zero where Go
counts without a sign, and for quantities and durations that cannot be read.
"""

from __future__ import annotations

from collections.abc import Iterator

from virtctl.errors import ApiError, Cause
from virtctl.local.api import schema
from virtctl.local.api.defaults.roundtrip import is_filled
from virtctl.local.api.schema import Problem
from virtctl.local.api.webhooks import denial, denied
from virtctl.models.documents import Document
from virtctl.models.kinds import Kind

_GO_TYPES = {"object": "map[string]string", "array": "[]string"}
_UNLISTED = frozenset({"rebootPolicy", "memLock", "contentType", "compression"})


def check(kind: Kind, document: Document, webhook: str) -> None:
    """Refuse what ``webhook`` does not find to be of ``kind``, or cannot decode.

    Raises ``Invalid`` and ``ApiError``.
    """
    found = list(schema.problems(kind, document))
    texts = dict.fromkeys(text for problem in found for text in _texts(problem))
    if texts:
        raise denial(webhook, (Cause("", text, "") for text in texts))
    _refuse_unreadable(kind, found, webhook)


def decode(kind: Kind, document: Document, webhook: str) -> None:
    """Refuse what ``webhook``, which checks no schema, cannot decode. Raises ``ApiError``."""
    _refuse_unreadable(kind, list(schema.problems(kind, document)), webhook)


def _refuse_unreadable(kind: Kind, found: list[Problem], webhook: str) -> None:
    # Go meets the fields in the order of their names.
    for problem in sorted(found, key=lambda problem: problem.indexed):
        why = _unreadable(kind, problem)
        if why:
            raise ApiError(denied(webhook, why), code=400, reason="")


def _texts(problem: Problem) -> Iterator[str]:
    """What the schema of the Go types says of a problem, if it has one with it."""
    plain, fact = problem.plain, problem.shape.fact
    match problem.what:
        case "required":
            if not is_filled(problem.shape):
                yield f"{plain} in body is required"
        case "type" if not (fact.is_quantity and problem.found == "number"):
            wanted = problem.shape.json.replace("int-or-string", "string")
            kind_found = problem.found.replace("integer", "number")
            yield f'{plain} in body must be of type {wanted}: "{kind_found}"'
        case "unknown":
            yield f"{plain} in body is a forbidden property"
        case "enum" | "choice":
            if plain.rpartition(".")[2] not in _UNLISTED:
                choices = " ".join(sorted(fact.enum or fact.choices))
                yield f"{plain} in body should be one of [{choices}]"
        case _:
            return


def _unreadable(kind: Kind, problem: Problem) -> str:
    """Why Go cannot decode the value; empty when it can."""
    match problem.what:
        case "pattern":
            return schema.quantity_problem(problem.value)
        case "duration":
            return schema.duration_problem(problem.value)
        case "type" if problem.is_loose and problem.value is not None:
            found = problem.found.replace("integer", "number").replace("boolean", "bool")
            wanted, path = problem.shape.json, problem.plain
            if wanted == "string":  # Go names the map here, where the value of a key is wrong
                path = path.rpartition(".")[0] or path
            return (
                f"json: cannot unmarshal {found} into Go struct field "
                f"ObjectMeta.{path} of type {_GO_TYPES.get(wanted, wanted)}"
            )
        case "sign":
            number = "uint32" if problem.shape.fact.format else "uint"
            return (
                f"json: cannot unmarshal number {problem.value} into Go struct field "
                f"{kind.name}.{problem.plain} of type {number}"
            )
        case _:
            return ""
