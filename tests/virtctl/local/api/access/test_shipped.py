"""Who may do what with KubeVirt's own roles (spec/api.md section 2.6)."""

import pytest

from tests.fakes.service import make_service
from virtctl.local.api.access.authorizer import Authorizer
from virtctl.local.api.access.rules import Asked
from virtctl.local.api.access.shipped import SHIPPED
from virtctl.local.api.service import Actor
from virtctl.local.controllers.roles import RoleController, Seen
from virtctl.models.documents import name_of
from virtctl.models.kinds import CLUSTER_ROLE, KINDS, ROLE_BINDING

SUB = "subresources.kubevirt.io"
ROLES = ("view", "edit", "admin", "kubevirt.io:migrate")


@pytest.fixture(scope="module")
def authorizer():
    service = make_service()
    controller = RoleController()
    controller.prepare(service)
    for _ in range(3):  # edit is a sum of view, admin one of edit
        seen = Seen(tuple(service.list(CLUSTER_ROLE).items))
        for change in controller.decide(seen, 0):
            known = service.get(CLUSTER_ROLE, None, change.name)
            service.update(CLUSTER_ROLE, None, change.name, {**known, **change.body})
    for role in ROLES:
        document = {
            "metadata": {"name": role},
            "roleRef": {"kind": "ClusterRole", "name": role},
            "subjects": [{"kind": "User", "name": role}],
        }
        service.create(ROLE_BINDING, "default", document)
    return Authorizer(service)


def vms(verb, subresource="", group="kubevirt.io", resource="virtualmachines"):
    return Asked(verb, group, resource, subresource, "vm", "default")


@pytest.mark.parametrize(
    ("asked", "roles"),
    [
        (vms("list"), ("view", "edit", "admin")),
        (vms("create"), ("edit", "admin")),
        (vms("deletecollection"), ("admin",)),
        (vms("update", "start", SUB), ("edit", "admin")),
        (vms("update", "migrate", SUB), ("kubevirt.io:migrate",)),
        (vms("get", "expand-spec", SUB), ("view", "edit", "admin")),
        (vms("get", "console", SUB, "virtualmachineinstances"), ("edit", "admin")),
        (vms("get", "vnc/screenshot", SUB, "virtualmachineinstances"), ("admin",)),
        (vms("get", "userlist", SUB, "virtualmachineinstances"), ("view", "edit", "admin")),
        (vms("update", "", SUB, "expand-vm-spec"), ("view", "edit", "admin")),
        (
            vms("list", resource="virtualmachineinstancemigrations"),
            ("view", "edit", "admin", "kubevirt.io:migrate"),
        ),
        (
            vms("create", resource="virtualmachineinstancemigrations"),
            ("kubevirt.io:migrate",),
        ),
        (vms("get", group="", resource="secrets"), ("edit", "admin")),
        (vms("get", group="", resource="pods"), ("view", "edit", "admin")),
        (vms("create", "exec", "", "pods"), ("edit", "admin")),
        (vms("create", group="rbac.authorization.k8s.io", resource="roles"), ("admin",)),
        (vms("get", group="", resource="nodes"), ()),
    ],
)
def test_roles(authorizer, asked, roles) -> None:
    assert tuple(role for role in ROLES if authorizer.allows(Actor(role), asked)) == roles


@pytest.mark.parametrize(
    ("asked", "allowed"),
    [
        (Asked("list", "kubevirt.io", "kubevirts"), True),
        (Asked("delete", "kubevirt.io", "kubevirts", name="kubevirt"), False),
        (Asked("get", "instancetype.kubevirt.io", "virtualmachineclusterpreferences"), True),
        (Asked("get", SUB, "version"), True),
        (Asked("get", path="/openapi/v3"), True),
        (Asked("get", "", "secrets", namespace="default"), False),
    ],
)
def test_everybody_with_a_name(authorizer, asked, allowed) -> None:
    assert authorizer.allows(Actor("joe", ("system:authenticated",)), asked) is allowed


def test_what_is_named_is_served() -> None:
    served = {(kind.group, kind.plural) for kind in KINDS}
    unserved = {"localsubjectaccessreviews", "selfsubjectaccessreviews",
                "selfsubjectrulesreviews", "selfsubjectreviews", "uploadtokenrequests"}  # fmt: skip
    for item in SHIPPED:
        for rule in item.document.get("rules", ()):
            for group in rule.get("apiGroups", ()):
                for resource in rule.get("resources", ()):
                    plain = resource.partition("/")[0]
                    known = (group, plain) in served or "*" in {group, plain}
                    known = known or group.startswith("subresources.") or plain in unserved
                    known = known or group == "local.virtctl.io"
                    assert known, (name_of(item.document), group, resource)
