import pytest

from tests.fakes.service import make_service
from virtctl.errors import Forbidden
from virtctl.local.api.access.authorizer import Authorizer
from virtctl.local.api.access.rules import Asked
from virtctl.local.api.service import CONTROLLER, Actor
from virtctl.local.controllers.roles import RoleController
from virtctl.local.http import access
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
        (ANONYMOUS, "/healthz", True),
        (ANONYMOUS, "/healthz/ping", False),
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
        access.check_resource(authorizer, actor, parsed, access.question(parsed, method))
    else:
        with pytest.raises(Forbidden):
            access.check_resource(authorizer, actor, parsed, access.question(parsed, method))


def test_wording(authorizer) -> None:
    path = parse_path(VMS)
    asked = access.question(path, "GET")
    with pytest.raises(Forbidden) as caught:
        access.check_resource(authorizer, JOE, path, asked)
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


@pytest.mark.parametrize("method", ["POST", "DELETE", "OPTIONS", "HEAD"])
@pytest.mark.parametrize("path", ["/version", "/api", "/openapi/v2"])
def test_public_paths_are_for_reading(authorizer, path, method) -> None:
    with pytest.raises(Forbidden) as caught:
        access.check_path(authorizer, JOE, path, method)
    assert str(caught.value) == f'forbidden: User "joe" cannot {method.lower()} path "{path}"'


def test_a_name_that_a_selector_requires_is_asked_for() -> None:
    asked = access.question(parse_path(VMS), "GET", only="one")
    assert (asked.verb, asked.name) == ("list", "one")
    asked = access.question(parse_path(VMS), "DELETE", only="one")
    assert (asked.verb, asked.name) == ("deletecollection", "")


def test_a_watch_of_one_by_its_path_is_a_get() -> None:
    assert access.question(parse_path(f"{VMS}/v"), "GET", watch=True).verb == "get"
    old = parse_path("/api/v1/watch/namespaces/a/pods/p")
    assert access.question(old, "GET").verb == "watch"


def test_unknown_methods_have_no_verb() -> None:
    assert access.question(parse_path(VMS), "OPTIONS").verb == ""
