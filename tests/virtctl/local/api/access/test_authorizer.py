import pytest

from tests.fakes.service import make_service
from virtctl.errors import Forbidden
from virtctl.local.api.access.authorizer import Authorizer, aggregated, is_admin
from virtctl.local.api.access.rules import Asked, Rule
from virtctl.local.api.service import CONTROLLER, Actor
from virtctl.models.kinds import CLUSTER_ROLE, CLUSTER_ROLE_BINDING, ROLE, ROLE_BINDING, SECRET

ANN = Actor("ann", ("devs", "system:authenticated"))
ROBOT = Actor("system:serviceaccount:default:robot", ("system:serviceaccounts",))
ROOT = Actor("root", ("system:masters",))
LIST_PODS = Asked("list", "", "pods", namespace="default")
READ_PODS = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}


@pytest.fixture
def service():
    return make_service()


@pytest.fixture
def authorizer(service):
    return Authorizer(service)


def role(service, kind, namespace, *rules, name="reader", **more):
    service.create(kind, namespace, {"metadata": {"name": name}, "rules": [*rules], **more})


def bind(service, kind, namespace, subject, role_kind="ClusterRole", role_name="reader"):
    document = {
        "metadata": {"name": "b"},
        "roleRef": {"kind": role_kind, "name": role_name},
        "subjects": [subject],
    }
    service.create(kind, namespace, document)


def test_administrators() -> None:
    assert is_admin(ROOT)
    assert is_admin(CONTROLLER)
    assert not is_admin(ANN)


@pytest.mark.parametrize(
    ("subject", "actor", "shown"),
    [
        ({"kind": "User", "name": "ann"}, ANN, 'User "ann"'),
        ({"kind": "Group", "name": "devs"}, ANN, 'Group "devs"'),
        ({"kind": "ServiceAccount", "name": "robot"}, ROBOT, 'ServiceAccount "robot/default"'),
        (
            {"kind": "ServiceAccount", "name": "robot", "namespace": "default"},
            ROBOT,
            'ServiceAccount "robot/default"',
        ),
        ({"kind": "User", "name": "joe"}, ANN, None),
        ({"kind": "Robot", "name": "ann"}, ANN, None),
    ],
)
def test_subjects(service, authorizer, subject, actor, shown) -> None:
    role(service, CLUSTER_ROLE, None, READ_PODS)
    bind(service, ROLE_BINDING, "default", subject)
    verdict = authorizer.judge(actor, LIST_PODS)
    assert verdict.allowed is (shown is not None)
    if shown:
        assert verdict.reason == (
            f'RBAC: allowed by RoleBinding "b/default" of ClusterRole "reader" to {shown}'
        )


def test_scopes(service, authorizer) -> None:
    role(service, ROLE, "default", READ_PODS)
    bind(service, ROLE_BINDING, "default", {"kind": "User", "name": "ann"}, "Role")
    assert authorizer.allows(ANN, LIST_PODS)
    assert not authorizer.allows(ANN, Asked("list", "", "pods", namespace="other"))
    assert not authorizer.allows(ANN, Asked("list", "", "pods"))
    role(service, CLUSTER_ROLE, None, READ_PODS)
    bind(service, CLUSTER_ROLE_BINDING, None, {"kind": "User", "name": "ann"})
    verdict = authorizer.judge(ANN, Asked("list", "", "pods"))
    assert verdict.reason == (
        'RBAC: allowed by ClusterRoleBinding "b" of ClusterRole "reader" to User "ann"'
    )


def test_changes_count_at_once(service, authorizer) -> None:
    bind(service, ROLE_BINDING, "default", {"kind": "User", "name": "ann"})
    assert not authorizer.allows(ANN, LIST_PODS)  # the role is not there
    role(service, CLUSTER_ROLE, None, READ_PODS)
    assert authorizer.allows(ANN, LIST_PODS)
    service.create(SECRET, "default", {"metadata": {"name": "s"}})
    assert authorizer.allows(ANN, LIST_PODS)
    service.delete(ROLE_BINDING, "default", "b")
    assert not authorizer.allows(ANN, LIST_PODS)


def test_aggregation(service, authorizer) -> None:
    selector = {"matchLabels": {"to": "sum"}}
    role(service, CLUSTER_ROLE, None, aggregationRule={"clusterRoleSelectors": [selector]})
    metadata = {"name": "part", "labels": {"to": "sum"}}
    service.create(CLUSTER_ROLE, None, {"metadata": metadata, "rules": [READ_PODS]})
    bind(service, ROLE_BINDING, "default", {"kind": "User", "name": "ann"})
    assert authorizer.allows(ANN, LIST_PODS)
    found = aggregated(service.get(CLUSTER_ROLE, None, "reader"), service.list(CLUSTER_ROLE).items)
    assert found == [Rule(("get", "list"), ("",), ("pods",))]


def test_rules_of_somebody(service, authorizer) -> None:
    role(service, CLUSTER_ROLE, None, READ_PODS)
    bind(service, ROLE_BINDING, "default", {"kind": "User", "name": "ann"})
    assert authorizer.rules(ANN, "default") == [Rule(("get", "list"), ("",), ("pods",))]
    assert authorizer.rules(ANN, "other") == []
    assert authorizer.rules(ROOT, "other")[0].resources == ("*",)


def grant(kind, *rules, **more):
    return {"metadata": {"name": "new", "namespace": "default"}, "rules": [*rules], **more}


def test_nobody_gives_what_he_has_not(service, authorizer) -> None:
    role(service, CLUSTER_ROLE, None, READ_PODS)
    bind(service, ROLE_BINDING, "default", {"kind": "User", "name": "ann"})
    authorizer.check_grant(ROLE, ANN, grant(ROLE, READ_PODS))
    authorizer.check_grant(ROLE, ROOT, grant(ROLE, {"verbs": ["*"]}))
    more = {**READ_PODS, "resources": ["secrets"]}
    with pytest.raises(Forbidden, match="attempting to grant RBAC permissions") as caught:
        authorizer.check_grant(ROLE, ANN, grant(ROLE, more))
    assert 'Resources:["secrets"], Verbs:["get"]' in str(caught.value)
    to_reader = {"roleRef": {"kind": "ClusterRole", "name": "reader"}}
    authorizer.check_grant(ROLE_BINDING, ANN, grant(ROLE_BINDING, **to_reader))
    role(service, CLUSTER_ROLE, None, more, name="spy")
    to_spy = {"roleRef": {"kind": "ClusterRole", "name": "spy"}}
    with pytest.raises(Forbidden):
        authorizer.check_grant(ROLE_BINDING, ANN, grant(ROLE_BINDING, **to_spy))
    authorizer.check_grant(SECRET, ANN, grant(SECRET))


@pytest.mark.parametrize(("verb", "resource"), [("escalate", "roles"), ("bind", "clusterroles")])
def test_who_may_escalate_or_bind(service, authorizer, verb, resource) -> None:
    free = {
        "apiGroups": ["rbac.authorization.k8s.io"], "resources": [resource], "verbs": [verb],
    }  # fmt: skip
    role(service, CLUSTER_ROLE, None, free)
    role(service, CLUSTER_ROLE, None, {**READ_PODS, "resources": ["secrets"]}, name="spy")
    made = grant(ROLE, READ_PODS, roleRef={"kind": "ClusterRole", "name": "spy"})
    kind = ROLE if verb == "escalate" else ROLE_BINDING
    with pytest.raises(Forbidden):
        authorizer.check_grant(kind, ANN, made)
    bind(service, ROLE_BINDING, "default", {"kind": "User", "name": "ann"})
    authorizer.check_grant(kind, ANN, made)
