"""Roles."""

from virtctl.models.access import ClusterRole, RoleBinding
from virtctl.models.base import read


def test_reads_a_role():
    rule = {"verbs": ["get"], "nonResourceURLs": ["/version"]}
    assert read(ClusterRole, {"rules": [rule]}).rules[0].non_resource_urls == ("/version",)


def test_reads_a_binding():
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "r"}
    subject = {"kind": "ServiceAccount", "name": "default", "namespace": "n1"}
    found = read(RoleBinding, {"roleRef": role, "subjects": [subject]})
    assert (found.role_ref.name, found.subjects[0].namespace) == ("r", "n1")
