"""DataVolumes get claims, and tell how these are filled."""

from __future__ import annotations

from tests.fakes.cdi import claim, classes, config, data_volume
from tests.fakes.shelf import NOW, Shelf
from virtctl.errors import Forbidden
from virtctl.local.controllers.cdi.datavolume import DataVolumeController
from virtctl.local.runtime import fillings
from virtctl.local.runtime.changes import Announce, Create, Patch, Requeue
from virtctl.local.runtime.queue import Key
from virtctl.models.kinds import PVC

HTTP = {"http": {"url": "http://x/disk", "secretRef": "s", "extraHeaders": ["A: b"]}}


def decide(*documents: dict) -> list:
    controller = DataVolumeController()
    seen = controller.observe(Shelf(list(documents)), Key("default", "dv1"))
    return list(controller.decide(seen, NOW)) if seen is not None else []


def made(changes: list) -> dict:
    return next(change.document for change in changes if isinstance(change, Create))


def told(changes: list) -> tuple[str, str]:
    body = next(change.body for change in changes if isinstance(change, Patch))
    event = next((change.reason for change in changes if isinstance(change, Announce)), "")
    return body["status"]["phase"], event


def test_a_claim_is_made_that_says_what_goes_into_it() -> None:
    changes = decide(data_volume(HTTP), *classes(), config())
    marks = made(changes)["metadata"]["annotations"]
    assert marks[fillings.SOURCE] == "http"
    assert marks[fillings.ENDPOINT] == "http://x/disk"
    assert fillings.headers(marks) == ("A: b",)
    assert told(changes) == ("Pending", "Pending")


def test_a_claim_that_cannot_be_made_is_told() -> None:
    changes = decide(data_volume(HTTP))
    assert told(changes) == ("Pending", "ErrClaimNotValid")
    assert any(isinstance(change, Requeue) for change in changes)


def test_the_status_is_the_claims() -> None:
    full = claim(owner="dv1", SOURCE="http", POD_PHASE="Succeeded")
    assert told(decide(data_volume(HTTP), full)) == ("Succeeded", "ImportSucceeded")


def test_a_status_that_somebody_else_writes_is_theirs() -> None:
    full = claim(owner="dv1", SOURCE="http", POD_PHASE="Succeeded")
    volume = data_volume(HTTP)
    entry = {"manager": "datavolume-controller", "subresource": "status"}
    volume["metadata"]["managedFields"] = [{"manager": "kubectl"}, entry]
    assert told(decide(volume, full))[0] == "Succeeded"
    entry["manager"] = "kubectl"
    assert decide(volume, full) == []


def test_a_claim_waits_for_its_consumer_where_its_class_says_so() -> None:
    waiting = classes()[0] | {"volumeBindingMode": "WaitForFirstConsumer"}
    unbound = claim(owner="dv1", phase="Pending", SOURCE="http")
    assert told(decide(data_volume(HTTP), unbound, waiting))[0] == "WaitForFirstConsumer"


def test_somebody_elses_claim_is_left_alone() -> None:
    assert told(decide(data_volume(HTTP), claim())) == ("Pending", "ErrResourceExists")
    filled = claim()
    filled["metadata"]["annotations"]["cdi.kubevirt.io/storage.populatedFor"] = "dv1"
    assert told(decide(data_volume(HTTP), filled))[0] == "Succeeded"


def source(name: str, **origin: dict) -> dict:
    return {
        "apiVersion": "cdi.kubevirt.io/v1beta1",
        "kind": "DataSource",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"source": origin},
    }


def test_a_data_source_leads_to_its_claim() -> None:
    volume = data_volume(sourceRef={"kind": "DataSource", "name": "one"})
    sources = [
        source("one", dataSource={"name": "two"}),
        source("two", pvc={"name": "golden", "namespace": "default"}),
    ]
    golden = claim("golden", SOURCE="http", POD_PHASE="Succeeded")
    golden["status"]["capacity"]["storage"] = "64Mi"
    changes = decide(volume, golden, *sources, *classes())
    assert made(changes)["metadata"]["annotations"][fillings.CLONE] == "default/golden"
    assert made(changes)["spec"]["resources"]["requests"]["storage"] == "64Mi"


def test_a_data_source_that_leads_nowhere_is_waited_for() -> None:
    volume = data_volume(sourceRef={"kind": "DataSource", "name": "one"})
    for others in ([], [source("one")], [source("one", dataSource={"name": "one"})]):
        changes = decide(volume, *others, *classes())
        assert told(changes) == ("Pending", "Pending")
        assert not any(isinstance(change, Create) for change in changes)


def test_a_refused_claim_is_told() -> None:
    controller = DataVolumeController()
    seen = controller.observe(Shelf([data_volume(HTTP), *classes()]), Key("default", "dv1"))
    change = Create(kind=PVC, document={})
    patch, event, *_ = controller.refused(seen, change, Forbidden("exceeded quota"), NOW)
    assert "exceeded quota" in event.message
    assert patch.body["status"]["phase"] == "Pending"


def test_what_is_gone_or_going_is_nothing() -> None:
    assert decide() == []
    volume = data_volume(HTTP)
    volume["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert decide(volume) == []
