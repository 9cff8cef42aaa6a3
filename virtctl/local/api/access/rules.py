"""Rules of roles, and what they allow. Pure.

Meaning of the fields: the RBAC documentation of Kubernetes (``rbac.authorization.k8s.io/v1``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from virtctl.models import documents
from virtctl.models.documents import Document, JsonValue

EVERY = "*"


@dataclass(frozen=True)
class Asked:
    """What somebody wants to do: a verb on a resource or, with ``path``, on a URL.

    ``namespace`` is empty for the whole cluster.
    """

    verb: str
    group: str = ""
    resource: str = ""
    subresource: str = ""
    name: str = ""
    namespace: str = ""
    path: str = ""

    @property
    def target(self) -> str:
        """Resource and subresource as rules spell them."""
        return f"{self.resource}/{self.subresource}" if self.subresource else self.resource


@dataclass(frozen=True)
class Rule:
    """One ``PolicyRule``."""

    verbs: tuple[str, ...]
    groups: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()

    def allows(self, asked: Asked) -> bool:
        """Whether the rule covers ``asked``."""
        if not _has(self.verbs, asked.verb):
            return False
        if asked.path:
            return any(_reaches(path, asked.path) for path in self.paths)
        return (
            _has(self.groups, asked.group)
            and any(_names(resource, asked) for resource in self.resources)
            and (not self.names or asked.name in self.names)
        )

    def parts(self) -> Iterator[Rule]:
        """The smallest rules that say the same: one verb on one thing each."""
        for verb in self.verbs:
            for path in self.paths:
                yield Rule((verb,), paths=(path,))
            for group in self.groups:
                for resource in self.resources:
                    for name in self.names or ("",):
                        yield Rule((verb,), (group,), (resource,), (name,) if name else ())

    def document(self) -> Document:
        """As it is stored."""
        found: Document = {}
        for key, values in (
            ("apiGroups", self.groups),
            ("nonResourceURLs", self.paths),
            ("resourceNames", self.names),
            ("resources", self.resources),
            ("verbs", self.verbs),
        ):
            if values:
                found[key] = [*values]
        return found


def _has(values: tuple[str, ...], value: str) -> bool:
    return EVERY in values or value in values


def _names(resource: str, asked: Asked) -> bool:
    if resource in {EVERY, asked.target}:
        return True
    return bool(asked.subresource) and resource == f"{EVERY}/{asked.subresource}"


def _reaches(path: str, asked: str) -> bool:
    if path.endswith(EVERY):
        return asked.startswith(path.removesuffix(EVERY))
    return path == asked


def read_rules(role: Document) -> list[Rule]:
    """The rules of a role or cluster role."""
    return [
        Rule(
            _texts(rule, "verbs"),
            _texts(rule, "apiGroups"),
            _texts(rule, "resources"),
            _texts(rule, "resourceNames"),
            _texts(rule, "nonResourceURLs"),
        )
        for rule in documents.objects(role, "rules")
    ]


def _texts(rule: Document, key: str) -> tuple[str, ...]:
    return tuple(str(item) for item in documents.items(rule, key))


def uncovered(wanted: Iterable[Rule], held: Iterable[Rule]) -> list[Rule]:
    """The parts of ``wanted`` that ``held`` does not include."""
    own = list(held)
    return [
        part
        for rule in wanted
        for part in rule.parts()
        if not any(_includes(rule_held, part) for rule_held in own)
    ]


def _includes(rule: Rule, part: Rule) -> bool:
    """Whether ``rule`` gives all of ``part``, a rule of one verb on one thing."""
    if not _has(rule.verbs, part.verbs[0]):
        return False
    if part.paths:
        path = part.paths[0]
        return any(
            held == path or (held.endswith(EVERY) and path.startswith(held.removesuffix(EVERY)))
            for held in rule.paths
        )
    resource = part.resources[0]
    star = f"{EVERY}/{resource.partition('/')[2]}" if "/" in resource else resource
    return (
        _has(rule.groups, part.groups[0])
        and (_has(rule.resources, resource) or star in rule.resources)
        and (not rule.names or (bool(part.names) and part.names[0] in rule.names))
    )


def spell(rule: Rule) -> str:
    """``rule`` as the API server's messages show it."""
    shown = [
        f"{name}:[{', '.join(_quote(value) for value in values)}]"
        for name, values in (
            ("APIGroups", rule.groups),
            ("Resources", rule.resources),
            ("ResourceNames", rule.names),
            ("NonResourceURLs", rule.paths),
            ("Verbs", rule.verbs),
        )
        if values
    ]
    return "{" + ", ".join(shown) + "}"


def _quote(value: JsonValue) -> str:
    return f'"{value}"'
