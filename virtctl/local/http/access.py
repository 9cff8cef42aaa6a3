"""Who may ask what: from requests to questions for the authorizer, and its refusals."""

from __future__ import annotations

from virtctl.errors import Forbidden, StatusDetails
from virtctl.local.api.access.authorizer import Authorizer, is_admin
from virtctl.local.api.access.rules import Asked
from virtctl.local.api.service import Actor
from virtctl.local.http.identity import ANONYMOUS, AUTHENTICATED
from virtctl.local.http.subresources import OPEN
from virtctl.wire.paths import SUBRESOURCES_GROUP, ResourcePath

# What everybody may see, and everybody with a name, even if the roles that say so are deleted.
_PUBLIC = frozenset({"/healthz", "/livez", "/readyz", "/version", "/version/"})
_DISCOVERY = ("/api", "/apis", "/openapi")
_SELF_REVIEWS = frozenset(
    {"selfsubjectreviews", "selfsubjectaccessreviews", "selfsubjectrulesreviews"}
)
_VERBS = {
    "GET": "get", "HEAD": "get", "POST": "create", "PUT": "update", "PATCH": "patch",
    "DELETE": "delete",
}  # fmt: skip


def path_question(path: str, method: str) -> Asked:
    """What a request to a path that is no resource wants to do."""
    return Asked(method.lower(), path=path)


def check_path(authorizer: Authorizer, actor: Actor, path: str, method: str = "GET") -> None:
    """Refuse a path that is no resource. Raises ``Forbidden``."""
    known = path in _PUBLIC or (actor.name != ANONYMOUS.name and path.startswith(_DISCOVERY))
    if is_admin(actor) or (known and method == "GET"):
        return
    asked = path_question(path, method)
    if not authorizer.allows(actor, asked):
        raise refusal(actor, asked)


def question(path: ResourcePath, method: str, *, watch: bool = False, only: str = "") -> Asked:
    """What a request to a resource wants to do. ``only`` is the name that a selector requires.

    A watch of one object by its name is a ``get``: the API server takes no notice of the query.
    """
    verb = "watch" if path.watch else _VERBS.get(method, "")
    name = path.name
    if not name and path.plural != "expand-vm-spec":
        if verb == "get":
            verb, name = "watch" if watch else "list", only
        elif verb == "delete":
            verb = "deletecollection"
        elif verb == "watch":
            name = only
    subresource = path.subresource
    if path.group == SUBRESOURCES_GROUP and subresource.startswith("portforward/"):
        subresource = "portforward"
    namespace = path.namespace or ""
    if not path.group and path.plural == "namespaces":
        namespace = path.name
    return Asked(verb, path.group, path.plural, subresource, name, namespace)


def check_resource(authorizer: Authorizer, actor: Actor, path: ResourcePath, asked: Asked) -> None:
    """Refuse what is ``asked`` of a resource. Raises ``Forbidden``, worded as upstream."""
    if path.group == SUBRESOURCES_GROUP and not path.namespace and path.plural in OPEN:
        return
    if path.plural in _SELF_REVIEWS and asked.verb == "create" and AUTHENTICATED in actor.groups:
        return
    if not authorizer.allows(actor, asked):
        raise refusal(actor, asked)


def refusal(actor: Actor, asked: Asked, why: str = "") -> Forbidden:
    """``actor`` may not do ``asked``."""
    reason = f": {why}" if why else ""
    if asked.path:
        message = f'forbidden: User "{actor.name}" cannot {asked.verb} path "{asked.path}"{reason}'
        return Forbidden(message, StatusDetails(is_shown=True))
    resource = f"{asked.resource}.{asked.group}" if asked.group else asked.resource
    named = f'{resource} "{asked.name}"' if asked.name else resource
    scope = f'in the namespace "{asked.namespace}"' if asked.namespace else "at the cluster scope"
    return Forbidden(
        f'{named} is forbidden: User "{actor.name}" cannot {asked.verb} resource '
        f'"{asked.target}" in API group "{asked.group}" {scope}{reason}',
        StatusDetails(name=asked.name, group=asked.group, kind=asked.resource),
    )
