import pytest

from tests.fakes.service import make_service
from virtctl.errors import Forbidden, InternalError
from virtctl.local.api.access.authorizer import Authorizer
from virtctl.local.api.access.rules import Asked
from virtctl.local.api.service import CONTROLLER, Actor
from virtctl.local.controllers.roles import RoleController
from virtctl.local.http import access
from virtctl.local.http.access import Impersonation, impersonated
from virtctl.local.http.identity import ANONYMOUS, LOCAL_ADMIN
from virtctl.wire.paths import parse_path

JOE = Actor("joe", ("system:authenticated",))
VMS = "/apis/kubevirt.io/v1/namespaces/a/virtualmachines"


@pytest.fixture(scope="module")
def authorizer():
    service = make_service()
    RoleController().prepare(service)
    return Authorizer(service)


@pytest.mark.parametrize(
    ("actor", "path", "allowed"),
    [
        (ANONYMOUS, "/version", True),
        (ANONYMOUS, "/healthz/ping", True),
        (ANONYMOUS, "/apis", False),
        (JOE, "/apis", True),
        (JOE, "/openapi/v3", True),
        (JOE, "/metrics", False),
        (LOCAL_ADMIN, "/metrics", True),
    ],
)
def test_paths(authorizer, actor, path, allowed) -> None:
    if allowed:
        access.check_path(authorizer, actor, path)
    else:
        with pytest.raises(Forbidden, match="cannot get path"):
            access.check_path(authorizer, actor, path)


@pytest.mark.parametrize(
    ("actor", "method", "path", "allowed"),
    [
        (LOCAL_ADMIN, "DELETE", VMS, True),
        (CONTROLLER, "DELETE", VMS, True),
        (JOE, "GET", VMS, False),
        (JOE, "GET", "/apis/kubevirt.io/v1/namespaces/a/kubevirts", True),
        (JOE, "DELETE", "/apis/kubevirt.io/v1/namespaces/a/kubevirts/x", False),
        (JOE, "POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", True),
        (ANONYMOUS, "POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", False),
        (ANONYMOUS, "GET", "/apis/subresources.kubevirt.io/v1/version", True),
        (
            JOE,
            "PUT",
            "/apis/subresources.kubevirt.io/v1/namespaces/a/virtualmachines/v/start",
            False,
        ),
    ],
)
def test_resources(authorizer, actor, method, path, allowed) -> None:
    parsed = parse_path(path)
    if allowed:
        access.check_resource(authorizer, actor, parsed, method)
    else:
        with pytest.raises(Forbidden):
            access.check_resource(authorizer, actor, parsed, method)


def test_wording(authorizer) -> None:
    with pytest.raises(Forbidden) as caught:
        access.check_resource(authorizer, JOE, parse_path(VMS), "GET")
    assert str(caught.value) == (
        'virtualmachines.kubevirt.io is forbidden: User "joe" cannot list resource '
        '"virtualmachines" in API group "kubevirt.io" in the namespace "a"'
    )


@pytest.mark.parametrize(
    ("path", "method", "watch", "asked"),
    [
        (VMS, "GET", False, Asked("list", "kubevirt.io", "virtualmachines", namespace="a")),
        (VMS, "GET", True, Asked("watch", "kubevirt.io", "virtualmachines", namespace="a")),
        (
            VMS,
            "DELETE",
            False,
            Asked("deletecollection", "kubevirt.io", "virtualmachines", namespace="a"),
        ),
        ("/api/v1/namespaces/a", "GET", False, Asked("get", "", "namespaces", "", "a", "a")),
        (
            "/apis/subresources.kubevirt.io/v1/namespaces/a/virtualmachines/v/portforward/22/tcp",
            "GET",
            False,
            Asked("get", "subresources.kubevirt.io", "virtualmachines", "portforward", "v", "a"),
        ),
        (
            "/apis/subresources.kubevirt.io/v1/namespaces/a/expand-vm-spec",
            "PUT",
            False,
            Asked("update", "subresources.kubevirt.io", "expand-vm-spec", namespace="a"),
        ),
    ],
)
def test_questions(path, method, watch, asked) -> None:
    assert access.question(parse_path(path), method, watch=watch) == asked


def test_impersonation(authorizer) -> None:
    where = (parse_path(VMS), "GET", False)

    def become(actor, user, *groups, uid=""):
        headers = {"impersonate-user": user, "impersonate-uid": uid} if user else {}
        return impersonated(authorizer, actor, Impersonation(headers, list(groups)), where)

    assert become(LOCAL_ADMIN, "") is LOCAL_ADMIN
    ann = become(LOCAL_ADMIN, "ann", "devs", uid="7")
    assert (ann.name, ann.groups, ann.uid) == ("ann", ("devs", "system:authenticated"), "7")
    assert become(LOCAL_ADMIN, ANONYMOUS.name) == ANONYMOUS
    robot = become(LOCAL_ADMIN, "system:serviceaccount:a:robot")
    assert robot.groups[1] == "system:serviceaccounts:a"
    with pytest.raises(InternalError, match="without impersonating"):
        become(LOCAL_ADMIN, "", "devs")
    with pytest.raises(Forbidden, match="cannot impersonate-on:user-info:list resource"):
        become(JOE, "ann")
    with pytest.raises(Forbidden, match="cannot impersonate-on:serviceaccount:list resource"):
        become(JOE, "system:serviceaccount:a:robot")
    where = (None, "GET", False)
    with pytest.raises(Forbidden, match='users "ann" is forbidden'):
        become(JOE, "ann")
