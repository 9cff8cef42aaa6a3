"""Who may copy disks of other namespaces."""

from __future__ import annotations

import pytest

from tests.fakes.service import make_service
from virtctl.errors import Forbidden
from virtctl.local.api.access.authorizer import Authorizer
from virtctl.local.api.access.copies import check_copies
from virtctl.local.api.service import Actor
from virtctl.models import kinds
from virtctl.models.kinds import ROLE, ROLE_BINDING, Kind

JOE = Actor("joe", ("system:authenticated",))
ADMIN = Actor("admin", ("system:masters",))


def volume(**spec: object) -> dict:
    return {"metadata": {"name": "a", "namespace": "default"}, "spec": spec}


def of_pvc(namespace: str) -> dict:
    return {"source": {"pvc": {"name": "golden", "namespace": namespace}}}


TEMPLATES = [{"metadata": {"name": "a"}, "spec": of_pvc("other")}]
MARKED = {
    "metadata": {
        "name": "a", "namespace": "default", "annotations": {"k8s.io/CloneRequest": "other/golden"},
    },
    "spec": {},
}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "document"),
    [
        (kinds.DATA_VOLUME, volume(**of_pvc("other"))),
        (kinds.DATA_VOLUME, volume(sourceRef={"name": "x", "namespace": "other"})),
        (kinds.DATA_VOLUME, volume(source={"snapshot": {"name": "x", "namespace": "other"}})),
        (kinds.DATA_VOLUME, volume(storage={"dataSourceRef": {"namespace": "other"}})),
        (kinds.DATA_SOURCE, volume(source={"dataSource": {"name": "x", "namespace": "other"}})),
        (kinds.DATA_IMPORT_CRON, volume(template={"spec": of_pvc("other")})),
        (kinds.VIRTUAL_MACHINE, volume(dataVolumeTemplates=TEMPLATES)),
        (
            kinds.POOL,
            volume(virtualMachineTemplate={"spec": {"dataVolumeTemplates": TEMPLATES}}),
        ),
        (kinds.PVC, volume(dataSourceRef={"namespace": "other"})),
        (kinds.PVC, MARKED),
    ],
)
def test_a_disk_of_another_namespace_needs_a_right_there(kind: Kind, document: dict) -> None:
    service = make_service()
    authorizer = Authorizer(service)
    check_copies(authorizer, kind, ADMIN, document)
    with pytest.raises(Forbidden, match="insufficient permissions in clone source namespace other"):
        check_copies(authorizer, kind, JOE, document)
    rule = {"verbs": ["create"], "apiGroups": ["cdi.kubevirt.io"]}
    role = {"metadata": {"name": "r"}, "rules": [{**rule, "resources": ["datavolumes/source"]}]}
    service.create(ROLE, "other", role)
    binding = {
        "metadata": {"name": "r"},
        "subjects": [{"kind": "User", "name": "joe", "apiGroup": "rbac.authorization.k8s.io"}],
        "roleRef": {"kind": "Role", "name": "r", "apiGroup": "rbac.authorization.k8s.io"},
    }
    service.create(ROLE_BINDING, "other", binding)
    check_copies(authorizer, kind, JOE, document)


def test_ones_own_disks_need_none() -> None:
    authorizer = Authorizer(make_service())
    with pytest.raises(Forbidden):
        check_copies(authorizer, kinds.DATA_VOLUME, JOE, volume(**of_pvc("other")))
    check_copies(authorizer, kinds.DATA_VOLUME, JOE, volume(**of_pvc("default")))
    check_copies(authorizer, kinds.DATA_VOLUME, JOE, volume(source={"blank": {}}))
    check_copies(authorizer, kinds.PVC, JOE, volume())
