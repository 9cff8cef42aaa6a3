"""Who may ask what: from requests to questions for the authorizer, and its refusals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from virtctl.errors import Forbidden, InternalError, StatusDetails
from virtctl.local.api.access.authorizer import Authorizer, is_admin
from virtctl.local.api.access.rules import Asked
from virtctl.local.api.service import Actor
from virtctl.local.http.identity import ANONYMOUS, AUTHENTICATED, service_account
from virtctl.local.http.subresources import OPEN
from virtctl.wire.paths import SUBRESOURCES_GROUP, ResourcePath

# What everybody may see, and everybody with a name, even if the roles that say so are deleted.
_PUBLIC = frozenset({"/healthz", "/livez", "/readyz", "/version"})
_DISCOVERY = ("/api", "/apis", "/openapi")
_SELF_REVIEWS = frozenset(
    {"selfsubjectreviews", "selfsubjectaccessreviews", "selfsubjectrulesreviews"}
)
_VERBS = {
    "GET": "get", "HEAD": "get", "POST": "create", "PUT": "update", "PATCH": "patch",
    "DELETE": "delete",
}  # fmt: skip
_ACCOUNT = "system:serviceaccount:"


def check_path(authorizer: Authorizer, actor: Actor, path: str, method: str = "GET") -> None:
    """Refuse a path that is no resource. Raises ``Forbidden``."""
    public = path in _PUBLIC or path.startswith(tuple(f"{root}/" for root in _PUBLIC))
    if public or is_admin(actor):
        return
    if actor.name != ANONYMOUS.name and path.startswith(_DISCOVERY):
        return
    verb = _VERBS.get(method, method.lower())
    if not authorizer.allows(actor, Asked(verb, path=path)):
        raise Forbidden(f'forbidden: User "{actor.name}" cannot {verb} path "{path}"')


def question(path: ResourcePath, method: str, *, watch: bool = False) -> Asked:
    """What a request to a resource wants to do."""
    verb = _VERBS.get(method, method.lower())
    if verb == "get" and (watch or path.watch):
        verb = "watch"
    elif not path.name and path.plural != "expand-vm-spec":
        verb = {"get": "list", "delete": "deletecollection"}.get(verb, verb)
    subresource = path.subresource
    if path.group == SUBRESOURCES_GROUP and subresource.startswith("portforward/"):
        subresource = "portforward"
    name = path.name
    if not path.group and path.plural == "namespaces":
        return Asked(verb, "", path.plural, subresource, name, namespace=name)
    return Asked(verb, path.group, path.plural, subresource, name, path.namespace or "")


def check_resource(
    authorizer: Authorizer, actor: Actor, path: ResourcePath, method: str, *, watch: bool = False
) -> None:
    """Refuse a resource. Raises ``Forbidden``, worded as the API server does."""
    if path.group == SUBRESOURCES_GROUP and not path.namespace and path.plural in OPEN:
        return
    if path.plural in _SELF_REVIEWS and method == "POST" and AUTHENTICATED in actor.groups:
        return
    asked = question(path, method, watch=watch)
    if not authorizer.allows(actor, asked):
        raise refusal(actor, path, asked)


def refusal(actor: Actor, path: ResourcePath, asked: Asked) -> Forbidden:
    """``actor`` may not do ``asked`` at ``path``."""
    resource = f"{path.plural}.{path.group}" if path.group else path.plural
    named = f'{resource} "{path.name}"' if path.name else resource
    scope = f'in the namespace "{path.namespace}"' if path.namespace else "at the cluster scope"
    return Forbidden(
        f'{named} is forbidden: User "{actor.name}" cannot {asked.verb} resource '
        f'"{asked.target}" in API group "{path.group}" {scope}',
        StatusDetails(name=path.name, group=path.group, kind=path.plural),
    )


class Impersonation:
    """Whom the ``Impersonate-*`` headers of a request name."""

    def __init__(self, headers: Mapping[str, str], groups: list[str]) -> None:
        self.user = headers.get("impersonate-user", "")
        self.groups = groups
        self.uid = headers.get("impersonate-uid", "")

    def actor(self) -> Actor:
        """The actor that is named. Service accounts have their groups without saying so."""
        if self.user.startswith(_ACCOUNT) and not self.groups:
            namespace, _, name = self.user.removeprefix(_ACCOUNT).partition(":")
            return replace(service_account(namespace, name), uid=self.uid)
        known = tuple(dict.fromkeys(self.groups))
        if self.user == ANONYMOUS.name:
            return Actor(self.user, known or ANONYMOUS.groups, self.uid)
        if AUTHENTICATED not in known:
            known = (*known, AUTHENTICATED)
        return Actor(self.user, known, self.uid)

    def questions(self) -> list[Asked]:
        """What who asks must be allowed to do."""
        if self.user.startswith(_ACCOUNT):
            namespace, _, name = self.user.removeprefix(_ACCOUNT).partition(":")
            wanted = [Asked("impersonate", "", "serviceaccounts", "", name, namespace)]
        else:
            wanted = [Asked("impersonate", "", "users", "", self.user)]
        wanted += [Asked("impersonate", "", "groups", "", group) for group in self.groups]
        if self.uid:
            wanted.append(Asked("impersonate", "authentication.k8s.io", "uids", "", self.uid))
        return wanted


def impersonated(
    authorizer: Authorizer,
    actor: Actor,
    asked: Impersonation,
    where: tuple[ResourcePath | None, str, bool],
) -> Actor:
    """Who ``actor`` acts as. ``where`` is the path, the method and whether it is a watch.

    Raises ``Forbidden`` when that is not allowed: Kubernetes 1.36 names the verb that would let
    somebody impersonate for just this request.
    """
    if not asked.user:
        if asked.groups or asked.uid:
            raise InternalError("requested groups or a uid without impersonating a user")
        return actor
    if all(authorizer.allows(actor, question) for question in asked.questions()):
        return asked.actor()
    path, method, watch = where
    if path is None or not path.plural:
        raise Forbidden(
            f'users "{asked.user}" is forbidden: User "{actor.name}" cannot impersonate'
        )
    wanted = question(path, method, watch=watch)
    mode = "serviceaccount" if asked.user.startswith(_ACCOUNT) else "user-info"
    verb = f"impersonate-on:{mode}:{wanted.verb}"
    raise refusal(actor, path, replace(wanted, verb=verb))
