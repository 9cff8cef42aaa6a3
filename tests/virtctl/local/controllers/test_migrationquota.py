import pytest

from tests.fakes.service import make_service
from virtctl.errors import Forbidden
from virtctl.local.api.quotas import allowance
from virtctl.local.controllers.migrationquota import MigrationQuotaController
from virtctl.local.runtime.queue import Key, WorkQueue
from virtctl.local.runtime.reconcile import turn
from virtctl.models.documents import Document
from virtctl.models.kinds import MIGRATION, MIGRATION_QUOTA, MTQ, POD, RESOURCE_QUOTA

MORE: Document = {"requests.memory": "1Gi"}


class Clock:
    def now(self) -> float:
        return 1_767_225_600.0


class Everything:
    """A service, as rules read it."""

    def __init__(self, service) -> None:
        self._service = service

    def get(self, kind, namespace, name):
        return self._service.find(kind, namespace, name)

    def list(self, kind, namespace):
        return self._service.list(kind, namespace or None).items


@pytest.fixture
def service():
    made = make_service()
    limit = {"metadata": {"name": "rq"}, "spec": {"hard": {"requests.memory": "1Gi"}}}
    made.create(RESOURCE_QUOTA, "default", limit)
    return made


def allow_more(service) -> None:
    document: Document = {
        "metadata": {"name": "more"}, "spec": {"additionalMigrationResources": MORE}
    }  # fmt: skip
    service.create(MIGRATION_QUOTA, "default", document)


def run(service, key: Key) -> MigrationQuotaController:
    controller = MigrationQuotaController("1.0")
    turn(controller, service, Clock(), WorkQueue(), key)
    return controller


def pod(name: str, **labels: str) -> Document:
    container = {"name": "compute", "resources": {"requests": {"memory": "1Gi"}}}
    metadata: Document = {"name": name, "namespace": "default", "labels": {**labels}}
    return {"metadata": metadata, "spec": {"containers": [container]}}


def test_only_a_migrations_pod_goes_beyond(service) -> None:
    stored = Everything(service)
    service.create(POD, "default", pod("source"))
    target = pod("target", **{"kubevirt.io/migrationJobUID": "u"})
    with pytest.raises(Forbidden, match="exceeded quota: rq"):
        allowance.check(POD, target, stored)
    allow_more(service)
    allowance.check(POD, target, stored)
    with pytest.raises(Forbidden, match=r"limited: requests\.memory=1Gi"):
        allowance.check(POD, pod("another"), stored)
    service.create(POD, "default", target)
    with pytest.raises(Forbidden, match=r"limited: requests\.memory=2Gi"):
        allowance.check(POD, pod("third", **{"kubevirt.io/migrationJobUID": "v"}), stored)


def test_the_installation_says_that_it_is_deployed(service) -> None:
    service.create(MTQ, None, {"metadata": {"name": "mtq"}, "spec": {}})
    run(service, Key("", "mtq"))
    assert service.get(MTQ, None, "mtq")["status"]["phase"] == "Deployed"


def test_which_migrations_are_held_by_which_quotas(service) -> None:
    allow_more(service)
    key = Key("default", "more")
    run(service, key)
    status = service.get(MIGRATION_QUOTA, "default", "more")["status"]
    assert status == {"additionalMigrationResources": MORE}
    limit = service.get(RESOURCE_QUOTA, "default", "rq")
    limit["status"] = {"used": {"requests.memory": "1Gi"}}
    service.update(RESOURCE_QUOTA, "default", "rq", limit, subresource="status")
    held = {"type": "migrationRejectedByResourceQuota", "status": "True"}
    service.create(MIGRATION, "default", {"metadata": {"name": "move"}, "spec": {"vmiName": "vm"}})
    migration = service.get(MIGRATION, "default", "move")
    migration["status"] = {"phase": "Pending", "conditions": [held]}
    service.update(MIGRATION, "default", "move", migration, subresource="status")
    run(service, key)
    status = service.get(MIGRATION_QUOTA, "default", "more")["status"]
    assert status["migrationsToBlockingResourceQuotas"] == {"move": ["rq"]}
    assert status["originalBlockingResourceQuotas"] == [
        {"name": "rq", "spec": {"hard": {"requests.memory": "1Gi"}}}
    ]


def test_what_is_watched() -> None:
    controller = MigrationQuotaController("")
    _, quotas, migrations, _ = (watched.keys for watched in controller.watched)
    quota: Document = {"metadata": {"name": "more", "namespace": "n"}}
    assert list(migrations(quota)) == []
    assert list(quotas(quota)) == [Key("n", "more")]
    assert list(migrations({"metadata": {"name": "m", "namespace": "n"}})) == [Key("n", "more")]
    assert controller.observe(make_service(), Key("n", "more")) is None
    assert list(migrations(quota)) == []
