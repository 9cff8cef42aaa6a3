import pytest
from starlette.datastructures import Headers

from tests.fakes.service import make_service
from virtctl.errors import BadRequest, Forbidden
from virtctl.local.api.access.authorizer import Authorizer
from virtctl.local.api.access.rules import Asked
from virtctl.local.api.service import Actor
from virtctl.local.http.identity import ANONYMOUS, LOCAL_ADMIN
from virtctl.local.http.impersonation import Impersonation, asked_in, impersonated
from virtctl.models.kinds import CLUSTER_ROLE, CLUSTER_ROLE_BINDING

JOE = Actor("joe", ("system:authenticated",))
LIST = Asked("list", "", "configmaps", namespace="a")
ROBOT = "system:serviceaccount:a:robot"
AUTHENTICATION = "authentication.k8s.io"


def rule(verb: str, group: str, resource: str, *names: str) -> dict:
    found = {"verbs": [verb], "apiGroups": [group], "resources": [resource]}
    return {**found, "resourceNames": [*names]} if names else found


def authorizer_with(*rules: dict) -> Authorizer:
    """Joe may do what ``rules`` say."""
    service = make_service()
    group = "rbac.authorization.k8s.io"
    service.create(CLUSTER_ROLE, None, {"metadata": {"name": "r"}, "rules": [*rules]})
    binding = {
        "metadata": {"name": "b"},
        "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": "r"},
        "subjects": [{"apiGroup": group, "kind": "User", "name": "joe"}],
    }
    service.create(CLUSTER_ROLE_BINDING, None, binding)
    return Authorizer(service)


NOTHING = authorizer_with()


def test_headers() -> None:
    raw = [
        (b"impersonate-user", b"ann"),
        (b"impersonate-group", b"a"),
        (b"impersonate-group", b"b"),
        (b"impersonate-uid", b"7"),
        (b"impersonate-extra-scopes", b"x"),
        (b"impersonate-extra-scopes", b"y"),
        (b"impersonate-extra-acme.com%2fproject", b"p"),
        (b"impersonate-extra-50%", b"q"),
    ]
    extra = (("50%", ("q",)), ("acme.com/project", ("p",)), ("scopes", ("x", "y")))
    assert asked_in(Headers(raw=raw)) == Impersonation("ann", ("a", "b"), "7", extra)
    assert asked_in(Headers()) == Impersonation()


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("impersonate-group", 'UID:"", Groups:[]string{"x"}, Extra:map[string][]string(nil)'),
        ("impersonate-uid", 'UID:"x", Groups:[]string(nil), Extra:map[string][]string(nil)'),
        (
            "impersonate-extra-k",
            'UID:"", Groups:[]string(nil), Extra:map[string][]string{"k":[]string{"x"}}',
        ),
    ],
)
def test_nobody_in_particular(name, shown) -> None:
    with pytest.raises(BadRequest) as caught:
        asked_in(Headers({name: "x"}))
    assert str(caught.value) == (
        f'requested &user.DefaultInfo{{Name:"", {shown}}} without impersonating a user name'
    )


@pytest.mark.parametrize(
    ("wanted", "groups"),
    [
        (Impersonation("ann"), ("system:authenticated",)),
        (Impersonation("ann", ("a", "b", "a")), ("a", "b", "a", "system:authenticated")),
        (Impersonation("ann", ("system:unauthenticated",)), ("system:unauthenticated",)),
        (Impersonation("ann", ("system:masters",)), ("system:masters", "system:authenticated")),
        (Impersonation(ANONYMOUS.name), ANONYMOUS.groups),
        (Impersonation(ANONYMOUS.name, ("q",)), ("q", "system:unauthenticated")),
        (
            Impersonation(ROBOT),
            ("system:serviceaccounts", "system:serviceaccounts:a", "system:authenticated"),
        ),
        (Impersonation(ROBOT, ("q",)), ("q", "system:authenticated")),
        (Impersonation("system:serviceaccount:a"), ("system:authenticated",)),
        (Impersonation("system:node:n1"), ("system:nodes", "system:authenticated")),
    ],
)
def test_groups(wanted, groups) -> None:
    found = impersonated(NOTHING, LOCAL_ADMIN, wanted, LIST)
    assert (found.name, found.groups) == (wanted.user, groups)


def test_the_rest_of_who_is_named() -> None:
    wanted = Impersonation("ann", (), "7", (("scopes", ("x",)),))
    found = impersonated(NOTHING, LOCAL_ADMIN, wanted, LIST)
    assert (found.uid, found.extra) == ("7", (("scopes", ("x",)),))
    assert impersonated(NOTHING, JOE, Impersonation(), LIST) is JOE


WHERE = 'resource "configmaps" in API group "" in the namespace "a"'


@pytest.mark.parametrize(
    ("wanted", "asked", "message"),
    [
        (
            Impersonation("ann"),
            LIST,
            f'configmaps is forbidden: User "joe" cannot impersonate-on:user-info:list {WHERE}',
        ),
        (
            Impersonation(ROBOT),
            LIST,
            (
                "configmaps is forbidden: "
                f'User "joe" cannot impersonate-on:serviceaccount:list {WHERE}'
            ),
        ),
        (
            Impersonation(ROBOT, ("q",)),
            LIST,
            (
                'serviceaccounts "robot" is forbidden: User "joe" cannot impersonate resource '
                '"serviceaccounts" in API group "" in the namespace "a"'
            ),
        ),
        (
            Impersonation("system:node:n1", ("system:nodes",)),
            LIST,
            (
                'users "system:node:n1" is forbidden: User "joe" cannot impersonate resource '
                '"users" in API group "" at the cluster scope'
            ),
        ),
        (
            Impersonation("ann"),
            Asked("get", path="/metrics"),
            'forbidden: User "joe" cannot impersonate-on:user-info:get path "/metrics"',
        ),
    ],
)
def test_refusals(wanted, asked, message) -> None:
    with pytest.raises(Forbidden) as caught:
        impersonated(NOTHING, JOE, wanted, asked)
    assert str(caught.value) == message


def test_the_older_right_is_for_all_requests() -> None:
    authorizer = authorizer_with(
        rule("impersonate", "", "users", "ann"),
        rule("impersonate", "", "groups", "a"),
        rule("impersonate", AUTHENTICATION, "userextras/scopes", "x"),
    )
    assert impersonated(authorizer, JOE, Impersonation("ann", ("a",)), LIST).name == "ann"
    extra = Impersonation("ann", (), "", (("scopes", ("x",)),))
    assert impersonated(authorizer, JOE, extra, LIST).extra == extra.extra
    for other in (
        Impersonation("bob"),
        Impersonation("ann", ("b",)),
        Impersonation("ann", ("a",), "7"),
        Impersonation("ann", (), "", (("scopes", ("x", "y")),)),
    ):
        with pytest.raises(Forbidden):
            impersonated(authorizer, JOE, other, LIST)


def test_the_narrower_right_is_for_some_requests() -> None:
    authorizer = authorizer_with(
        rule("impersonate-on:user-info:list", "", "configmaps"),
        rule("impersonate:user-info", AUTHENTICATION, "users", "ann"),
        rule("impersonate:user-info", AUTHENTICATION, "groups", "a", "", "system:masters"),
    )
    assert impersonated(authorizer, JOE, Impersonation("ann", ("a",)), LIST).name == "ann"
    with pytest.raises(Forbidden, match="impersonate-on:user-info:get"):
        impersonated(authorizer, JOE, Impersonation("ann"), Asked("get", "", "configmaps"))
    with pytest.raises(Forbidden, match="impersonating the system:masters group is not allowed"):
        impersonated(authorizer, JOE, Impersonation("ann", ("system:masters",)), LIST)
    with pytest.raises(Forbidden, match="impersonating the empty string group is not allowed"):
        impersonated(authorizer, JOE, Impersonation("ann", ("",)), LIST)


def test_many_groups_by_one_right() -> None:
    authorizer = authorizer_with(
        rule("impersonate-on:user-info:list", "", "configmaps"),
        rule("impersonate:user-info", AUTHENTICATION, "users"),
        rule("impersonate:user-info", AUTHENTICATION, "groups", "*"),
    )
    many = Impersonation("ann", ("a", "b", "c", "d"))
    assert impersonated(authorizer, JOE, many, LIST).name == "ann"
    with pytest.raises(Forbidden, match=r'groups\.authentication\.k8s\.io "a"'):
        impersonated(authorizer, JOE, Impersonation("ann", ("a",)), LIST)


def test_the_node_that_a_token_is_from() -> None:
    authorizer = authorizer_with(
        rule("impersonate-on:associated-node:list", "", "configmaps"),
        rule("impersonate:associated-node", AUTHENTICATION, "nodes", "*"),
    )
    agent = Actor(
        "system:serviceaccount:a:joe",
        extra=(("authentication.kubernetes.io/node-name", ("n1",)),),
    )
    with pytest.raises(Forbidden):  # the rights are Joe's, who is no service account
        impersonated(authorizer, agent, Impersonation("system:node:n1"), LIST)
    there = Actor("joe", extra=agent.extra)
    assert impersonated(authorizer, there, Impersonation("system:node:n1"), LIST).groups == (
        "system:nodes",
        "system:authenticated",
    )
    with pytest.raises(Forbidden, match="impersonate-on:arbitrary-node:list"):
        impersonated(authorizer, there, Impersonation("system:node:n2"), LIST)
