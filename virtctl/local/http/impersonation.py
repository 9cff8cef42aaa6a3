"""Acting as somebody else: the ``Impersonate-*`` headers, and who may send them.

Kubernetes 1.36 asks first for the rights of a narrower kind (KEP-5284): to impersonate a node, a
service account or somebody else at all, and in just this request; then for the older
``impersonate``, which is for all requests.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from urllib.parse import unquote

from starlette.datastructures import Headers

from virtctl.errors import BadRequest, Forbidden
from virtctl.local.api.access.authorizer import ADMIN_GROUP, Authorizer
from virtctl.local.api.access.rules import Asked
from virtctl.local.api.rules.names import label_problems, subdomain_problems
from virtctl.local.api.service import Actor
from virtctl.local.http.access import refusal
from virtctl.local.http.identity import ANONYMOUS, AUTHENTICATED, service_account

_GROUP = "authentication.k8s.io"
_ACCOUNT = "system:serviceaccount:"
_NODE = "system:node:"
_NODE_OF_CALLER = f"{_GROUP.replace('.k8s', '.kubernetes')}/node-name"
_UNAUTHENTICATED = "system:unauthenticated"
_EXTRA = "impersonate-extra-"
_MANY = 4  # groups, or values of extra fields, from which on a right to all of them is looked for
_ESCAPED = re.compile(r"(%[0-9a-fA-F]{2}|[^%])*")


@dataclass(frozen=True)
class Impersonation:
    """Whom the headers of a request name; nobody without ``user``."""

    user: str = ""
    groups: tuple[str, ...] = ()
    uid: str = ""
    extra: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def is_bare(self) -> bool:
        """Whether just a name is given."""
        return not (self.groups or self.uid or self.extra)

    @property
    def account(self) -> tuple[str, str] | None:
        """Namespace and name, if the user is a service account."""
        namespace, colon, name = self.user.removeprefix(_ACCOUNT).partition(":")
        fits = self.user.startswith(_ACCOUNT) and colon and not any(label_problems(namespace))
        return (namespace, name) if fits and not any(subdomain_problems(name)) else None

    @property
    def node(self) -> str:
        """The name of the node that the user is; empty when he is none."""
        name = self.user.removeprefix(_NODE)
        fits = self.user.startswith(_NODE) and not any(subdomain_problems(name))
        return name if fits else ""


def asked_in(headers: Headers) -> Impersonation:
    """What ``headers`` ask for. Raises ``BadRequest`` when they do not name a user."""
    extra: dict[str, list[str]] = {}
    for name, value in headers.items():
        if name.startswith(_EXTRA):
            key = name.removeprefix(_EXTRA)
            extra.setdefault(unquote(key) if _ESCAPED.fullmatch(key) else key, []).append(value)
    found = Impersonation(
        headers.get("impersonate-user", ""),
        tuple(headers.getlist("impersonate-group")),
        headers.get("impersonate-uid", ""),
        tuple((key, tuple(extra[key])) for key in sorted(extra)),
    )
    if not found.user and not found.is_bare:
        raise BadRequest(f"requested {_spell(found)} without impersonating a user name")
    return found


def _spell(asked: Impersonation) -> str:
    """In the words of the API server, which shows its own structure."""
    groups = ", ".join(f'"{group}"' for group in asked.groups)
    extra = ", ".join(
        f'"{key}":[]string{{{", ".join(_quoted(values))}}}' for key, values in asked.extra
    )
    return (
        f'&user.DefaultInfo{{Name:"", UID:"{asked.uid}", '
        f"Groups:[]string{f'{{{groups}}}' if groups else '(nil)'}, "
        f"Extra:map[string][]string{f'{{{extra}}}' if extra else '(nil)'}}}"
    )


def _quoted(values: tuple[str, ...]) -> Iterator[str]:
    return (f'"{value}"' for value in values)


@dataclass(frozen=True)
class _Mode:
    """One way to be allowed. Without a ``name`` it is the older one, for all requests."""

    name: str
    is_for: Callable[[Impersonation, Actor], bool]

    @property
    def verb(self) -> str:
        return f"impersonate:{self.name}" if self.name else "impersonate"

    def questions(self, wanted: Impersonation, asked: Asked) -> Iterator[tuple[Asked, str]]:
        """What must be allowed, in this order, and why it never is, where that is so."""
        if self.name:
            yield replace(asked, verb=f"impersonate-on:{self.name}:{asked.verb}"), ""
        yield self._of_user(wanted), ""
        if wanted.uid:
            yield Asked(self.verb, _GROUP, "uids", "", wanted.uid), ""
        for group in wanted.groups:
            question = Asked(self.verb, self._group, "groups", "", group)
            yield question, self._never(group) if self.name else ""
        for key, values in wanted.extra:
            for value in values:
                yield Asked(self.verb, _GROUP, "userextras", key, value), ""

    @property
    def _group(self) -> str:
        return _GROUP if self.name else ""

    def _never(self, group: str) -> str:
        if not group:
            return "impersonating the empty string group is not allowed"
        if group == ADMIN_GROUP:
            return "impersonating the system:masters group is not allowed"
        return ""

    def _of_user(self, wanted: Impersonation) -> Asked:
        if wanted.account is not None:
            namespace, name = wanted.account
            return Asked(self.verb, self._group, "serviceaccounts", "", name, namespace)
        if self.name and wanted.node:
            name = "*" if self.name == _OWN_NODE else wanted.node
            return Asked(self.verb, self._group, "nodes", "", name)
        return Asked(self.verb, self._group, "users", "", wanted.user)

    def wide(self, wanted: Impersonation) -> dict[str, Asked]:
        """By resource, the question for all of its names that stands for many single ones."""
        found = {}
        if self.name and len(wanted.groups) >= _MANY:
            found["groups"] = Asked(self.verb, self._group, "groups", "", "*")
        values = sum(len(values) for _, values in wanted.extra)
        if self.name and max(values, len(wanted.extra)) >= _MANY:
            found["userextras"] = Asked(self.verb, _GROUP, "userextras", "*", "*")
        return found


def _is_own_node(wanted: Impersonation, caller: Actor) -> bool:
    name = dict(caller.extra).get(_NODE_OF_CALLER, ())
    return wanted.is_bare and bool(wanted.node) and name == (wanted.node,)


_OWN_NODE = "associated-node"
_MODES = (
    _Mode(_OWN_NODE, _is_own_node),
    _Mode("arbitrary-node", lambda wanted, _: wanted.is_bare and bool(wanted.node)),
    _Mode("serviceaccount", lambda wanted, _: wanted.is_bare and wanted.account is not None),
    _Mode("user-info", lambda wanted, _: not wanted.node and wanted.account is None),
    _Mode("", lambda *_: True),
)


def impersonated(
    authorizer: Authorizer, caller: Actor, wanted: Impersonation, asked: Asked
) -> Actor:
    """Who ``caller`` acts as when he asks for ``asked``.

    Raises ``Forbidden``, which names the right that was looked for first, if he may not.
    """
    if not wanted.user:
        return caller
    refused: Forbidden | None = None
    for mode in _MODES:
        if not mode.is_for(wanted, caller):
            continue
        found = _refused(authorizer, caller, mode, wanted, asked)
        if found is None:
            return _become(wanted, mode)
        refused = refused or found
    raise refused or Forbidden("forbidden: impersonation failed")


def _refused(
    authorizer: Authorizer, caller: Actor, mode: _Mode, wanted: Impersonation, asked: Asked
) -> Forbidden | None:
    """Why ``caller`` may not, in this mode; None when he may."""
    settled = {
        resource
        for resource, question in mode.wide(wanted).items()
        if authorizer.allows(caller, question)
    }
    for question, never in mode.questions(wanted, asked):
        if never or (question.resource not in settled and not authorizer.allows(caller, question)):
            return refusal(caller, question, never)
    return None


def _become(wanted: Impersonation, mode: _Mode) -> Actor:
    """The actor, with the groups that he has without their being named."""
    groups = wanted.groups
    if wanted.account is not None and not groups:
        groups = service_account(*wanted.account).groups[:-1]
    elif mode.name and wanted.node:
        groups = ("system:nodes",)
    if wanted.user == ANONYMOUS.name:
        missing = _UNAUTHENTICATED
    else:
        missing = "" if _UNAUTHENTICATED in groups else AUTHENTICATED
    if missing and missing not in groups:
        groups = (*groups, missing)
    return Actor(wanted.user, groups, wanted.uid, extra=wanted.extra)
