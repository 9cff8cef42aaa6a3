"""``Authorizer``: what the stored roles and bindings allow to whom.

Members of ``system:masters`` may do everything, whatever is stored, so that an administrator cannot
lock himself out. What is read from the store is kept until one of the four kinds changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from virtctl.errors import Forbidden, InvalidField, StatusDetails
from virtctl.local.api.access.rules import Asked, Rule, read_rules, spell, uncovered
from virtctl.local.api.service import Actor, ApiService
from virtctl.models import documents
from virtctl.models.documents import Document
from virtctl.models.kinds import CLUSTER_ROLE, CLUSTER_ROLE_BINDING, ROLE, ROLE_BINDING, Kind
from virtctl.wire.labelselectors import read_selector

ADMIN_GROUP = "system:masters"
GROUP = "rbac.authorization.k8s.io"
_ACCOUNT = "system:serviceaccount:"
_KINDS = (CLUSTER_ROLE, CLUSTER_ROLE_BINDING, ROLE, ROLE_BINDING)
_ROLES = frozenset({ROLE.name, CLUSTER_ROLE.name})
_BINDINGS = frozenset({ROLE_BINDING.name, CLUSTER_ROLE_BINDING.name})


def is_admin(actor: Actor) -> bool:
    """Whether ``actor`` may do everything."""
    return actor.system or ADMIN_GROUP in actor.groups


@dataclass(frozen=True)
class _Binding:
    """Who gets which role. ``namespace`` is empty for cluster role bindings."""

    name: str
    namespace: str
    role: tuple[str, str]  # kind and name
    users: frozenset[str]
    groups: frozenset[str]

    def holds(self, actor: Actor) -> str:
        """How ``actor`` is among the subjects; empty when not."""
        if actor.name in self.users:
            if actor.name.startswith(_ACCOUNT):
                namespace, _, name = actor.name.removeprefix(_ACCOUNT).partition(":")
                return f'ServiceAccount "{name}/{namespace}"'
            return f'User "{actor.name}"'
        for group in actor.groups:
            if group in self.groups:
                return f'Group "{group}"'
        return ""

    def spell(self) -> str:
        """Kind and name of the binding and of its role."""
        role = f'{self.role[0]} "{self.role[1]}"'
        if self.namespace:
            return f'RoleBinding "{self.name}/{self.namespace}" of {role}'
        return f'ClusterRoleBinding "{self.name}" of {role}'


@dataclass(frozen=True)
class Verdict:
    """Whether something is allowed, and by what."""

    allowed: bool
    reason: str = ""


class Authorizer:
    """Reads roles and bindings from ``service``."""

    def __init__(self, service: ApiService) -> None:
        self._service = service
        self._seen: tuple[int, ...] = ()
        self._bindings: dict[str, list[_Binding]] = {}
        self._rules: dict[tuple[str, str, str], list[Rule]] = {}

    def judge(self, actor: Actor, asked: Asked) -> Verdict:
        """Whether ``actor`` may do ``asked``."""
        if is_admin(actor):
            return Verdict(allowed=True)
        for binding, subject in self._held(actor, asked.namespace):
            if any(rule.allows(asked) for rule in self._rules_of(binding)):
                return Verdict(
                    allowed=True, reason=f"RBAC: allowed by {binding.spell()} to {subject}"
                )
        return Verdict(allowed=False)

    def allows(self, actor: Actor, asked: Asked) -> bool:
        """As ``judge``, without the reason."""
        return self.judge(actor, asked).allowed

    def rules(self, actor: Actor, namespace: str) -> list[Rule]:
        """All that ``actor`` may do in ``namespace``."""
        everything = [Rule(("*",), ("*",), ("*",)), Rule(("*",), paths=("*",))]
        found = everything if is_admin(actor) else []
        for binding, _ in self._held(actor, namespace):
            found += [rule for rule in self._rules_of(binding) if rule not in found]
        return found

    def check_grant(self, kind: Kind, actor: Actor, document: Document) -> None:
        """Refuse to give away what ``actor`` has not got. Raises ``Forbidden``.

        Who may ``escalate`` roles or ``bind`` a role needs not hold what it allows.
        """
        if kind.group != GROUP or is_admin(actor):
            return
        namespace, name = documents.namespace_of(document), documents.name_of(document)
        if kind.name in _ROLES:
            granted = self._written(document)
            free = Asked("escalate", GROUP, kind.plural, name=name, namespace=namespace)
        elif kind.name in _BINDINGS:
            role = (
                documents.text(document, "roleRef", "kind"),
                documents.text(document, "roleRef", "name"),
            )
            granted = self._granted(role, namespace)
            plural = ROLE.plural if role[0] == ROLE.name else CLUSTER_ROLE.plural
            free = Asked("bind", GROUP, plural, name=role[1], namespace=namespace)
        else:
            return
        if self.allows(actor, free):
            return
        missing = uncovered(granted, self.rules(actor, namespace))
        if missing:
            raise _escalation(kind, name, actor, missing)

    # Reading

    def _held(self, actor: Actor, namespace: str) -> Iterator[tuple[_Binding, str]]:
        self._refresh()
        for where in dict.fromkeys(("", namespace)):
            for binding in self._bindings.get(where, ()):
                subject = binding.holds(actor)
                if subject:
                    yield binding, subject

    def _refresh(self) -> None:
        now = tuple(self._service.last_change(kind) for kind in _KINDS)
        if now == self._seen:
            return
        self._seen = now
        self._rules.clear()
        self._bindings = {}
        for kind in (CLUSTER_ROLE_BINDING, ROLE_BINDING):
            for document in self._service.list(kind).items:
                binding = _read_binding(document)
                self._bindings.setdefault(binding.namespace, []).append(binding)

    def _rules_of(self, binding: _Binding) -> list[Rule]:
        return self._granted(binding.role, binding.namespace)

    def _granted(self, role: tuple[str, str], namespace: str) -> list[Rule]:
        """The rules of a role, as a binding in ``namespace`` names it."""
        kind = ROLE if role[0] == ROLE.name else CLUSTER_ROLE
        where = namespace if kind is ROLE else ""
        key = (kind.name, where, role[1])
        if key not in self._rules:
            found: list[Rule] = []
            if self._service.exists(kind, where, role[1]):
                found = self._written(self._service.get(kind, where, role[1]))
            self._rules[key] = found
        return self._rules[key]

    def _written(self, role: Document) -> list[Rule]:
        if not documents.child(role, "aggregationRule"):
            return read_rules(role)
        return aggregated(role, self._service.list(CLUSTER_ROLE).items)


def aggregated(role: Document, roles: Iterable[Document]) -> list[Rule]:
    """The rules that an aggregated cluster role takes over from ``roles``, each once.

    A selector that cannot be understood selects nothing.
    """
    selectors = []
    for selector in documents.objects(role, "aggregationRule", "clusterRoleSelectors"):
        with suppress(InvalidField):
            selectors.append(read_selector(selector))
    found: dict[Rule, None] = {}
    for other in roles:
        labels = documents.strings(other, "metadata", "labels")
        own = documents.name_of(other) == documents.name_of(role)
        if not own and any(selector.matches(labels) for selector in selectors):
            found.update(dict.fromkeys(read_rules(other)))
    return list(found)


def _read_binding(document: Document) -> _Binding:
    namespace = documents.namespace_of(document)
    users, groups = set(), set()
    for subject in documents.objects(document, "subjects"):
        name = documents.text(subject, "name")
        match documents.text(subject, "kind"):
            case "User":
                users.add(name)
            case "Group":
                groups.add(name)
            case "ServiceAccount":
                where = documents.text(subject, "namespace") or namespace
                users.add(f"{_ACCOUNT}{where}:{name}")
            case _:
                continue
    role = documents.child(document, "roleRef")
    return _Binding(
        documents.name_of(document),
        namespace,
        (documents.text(role, "kind"), documents.text(role, "name")),
        frozenset(users),
        frozenset(groups),
    )


def _escalation(kind: Kind, name: str, actor: Actor, missing: list[Rule]) -> Forbidden:
    groups = " ".join(f'"{group}"' for group in actor.groups)
    listed = "\n".join(spell(rule) for rule in missing)
    return Forbidden(
        f'{kind.resource} "{name}" is forbidden: user "{actor.name}" (groups=[{groups}]) '
        f"is attempting to grant RBAC permissions not currently held:\n{listed}",
        StatusDetails(name=name, group=kind.group, kind=kind.plural),
    )
