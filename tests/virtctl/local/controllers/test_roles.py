from tests.fakes.service import make_service
from virtctl.local.api.access.shipped import SHIPPED
from virtctl.local.controllers.roles import RoleController, Seen
from virtctl.models.kinds import CLUSTER_ROLE, CLUSTER_ROLE_BINDING


def test_what_is_shipped_is_made_once() -> None:
    service = make_service()
    controller = RoleController()
    controller.prepare(service)
    count = len(service.list(CLUSTER_ROLE).items) + len(service.list(CLUSTER_ROLE_BINDING).items)
    assert count == len(SHIPPED)
    revision = service.revision
    controller.prepare(service)
    assert service.revision == revision


def test_rules_that_were_changed_are_put_right_and_bindings_left() -> None:
    service = make_service()
    controller = RoleController()
    controller.prepare(service)
    role = service.get(CLUSTER_ROLE, None, "kubevirt.io:view")
    service.update(CLUSTER_ROLE, None, "kubevirt.io:view", {**role, "rules": []})
    binding = service.get(CLUSTER_ROLE_BINDING, None, "kubevirt.io:default")
    service.update(CLUSTER_ROLE_BINDING, None, "kubevirt.io:default", {**binding, "subjects": []})
    controller.prepare(service)
    assert service.get(CLUSTER_ROLE, None, "kubevirt.io:view")["rules"] == role["rules"]
    found = service.get(CLUSTER_ROLE_BINDING, None, "kubevirt.io:default")
    assert found["subjects"] == []


def test_sums() -> None:
    rule = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}
    part = {"metadata": {"name": "part", "labels": {"a": "b"}}, "rules": [rule]}
    total = {
        "metadata": {"name": "sum"},
        "aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {"a": "b"}}]},
    }
    (change,) = RoleController().decide(Seen((part, total)), 0)
    assert (change.name, change.body) == ("sum", {"rules": [rule]})
    assert RoleController().decide(Seen((part, {**total, "rules": [rule]})), 0) == []
