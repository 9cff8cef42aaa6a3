"""Imports of each new version of an image."""

from __future__ import annotations

from tests.fakes.shelf import NOW, Shelf
from virtctl.local.controllers.cdi.importcron import CRON_LABEL, ImportCronController, import_name
from virtctl.local.runtime import polls
from virtctl.local.runtime.changes import Announce, Create, Delete, Patch
from virtctl.local.runtime.queue import Key

DIGEST = f"sha256:{'1' * 64}"


def cron(digest: str = DIGEST, **spec: object) -> dict:
    template = {
        "spec": {
            "source": {"registry": {"url": "docker://host/fedora:40"}},
            "storage": {"resources": {"requests": {"storage": "1Gi"}}},
        }
    }
    made = {
        "apiVersion": "cdi.kubevirt.io/v1beta1",
        "kind": "DataImportCron",
        "metadata": {"name": "fedora", "namespace": "default", "uid": "u"},
        "spec": {"managedDataSource": "fedora", "schedule": "@daily", "template": template, **spec},
    }
    if digest:
        made["metadata"] |= polls.found(digest, NOW)["metadata"]
    return made


def volume(digest: str, phase: str, day: int = 1) -> dict:
    return {
        "apiVersion": "cdi.kubevirt.io/v1beta1",
        "kind": "DataVolume",
        "metadata": {
            "name": import_name(cron(), digest),
            "namespace": "default",
            "uid": digest,
            "labels": {CRON_LABEL: "fedora"},
            "creationTimestamp": f"2026-01-0{day}T00:00:00Z",
        },
        "status": {"phase": phase},
    }


def source(name: str) -> dict:
    return {
        "apiVersion": "cdi.kubevirt.io/v1beta1",
        "kind": "DataSource",
        "metadata": {"name": "fedora", "namespace": "default", "labels": {CRON_LABEL: "fedora"}},
        "spec": {"source": {"pvc": {"name": name, "namespace": "default"}} if name else {}},
    }


def decide(*documents: dict) -> list:
    controller = ImportCronController()
    seen = controller.observe(Shelf(list(documents)), Key("default", "fedora"))
    return [] if seen is None else list(controller.decide(seen, NOW))


def reasons(changes: list) -> list[str]:
    status = next(
        one.body["status"] for one in changes
        if isinstance(one, Patch) and one.kind.name == "DataImportCron"
    )  # fmt: skip
    return [one["reason"] for one in status["conditions"]]


def test_a_new_version_is_imported_by_its_digest() -> None:
    changes = decide(cron())
    made, pointer = (one.document for one in changes if isinstance(one, Create))
    assert made["metadata"]["name"] == "fedora-111111111111"
    assert made["spec"]["source"]["registry"]["url"] == f"docker://host/fedora@{DIGEST}"
    assert pointer["metadata"]["name"] == "fedora"
    assert reasons(changes) == ["NoImport", "Outdated"]
    changes = decide(cron(), volume(DIGEST, "ImportInProgress"))
    assert reasons(changes) == ["ImportProgressing", "ImportProgressing"]
    changes = decide(cron(), volume(DIGEST, "ImportScheduled"))
    assert reasons(changes) == ["ImportScheduled", "ImportProgressing"]


def test_what_a_cron_makes_has_its_labels() -> None:
    wishes = cron(retentionPolicy="None")
    wishes["metadata"]["labels"] = {"instancetype.kubevirt.io/default-preference": "fedora"}
    made, pointer = (one.document for one in decide(wishes) if isinstance(one, Create))
    expected = {
        "app.kubernetes.io/component": "storage",
        "app.kubernetes.io/managed-by": "cdi-controller",
        "instancetype.kubevirt.io/default-preference": "fedora",
        CRON_LABEL: "fedora",
        f"{CRON_LABEL}.cleanup": "true",
    }
    assert made["metadata"]["labels"] == pointer["metadata"]["labels"] == expected
    assert made["metadata"]["annotations"]["cdi.kubevirt.io/storage.import.lastUseTime"]


def under_way(reason: str) -> list:
    """A new version while the import of the one before runs, or failed for ``reason``."""
    wishes = cron()
    name = import_name(cron(), f"sha256:{'2' * 64}")
    wishes["status"] = {"currentImports": [{"DataVolumeName": name, "Digest": "sha256:2"}]}
    before = volume(f"sha256:{'2' * 64}", "ImportInProgress")
    before["status"]["conditions"] = [{"type": "Running", "status": "False", "reason": reason}]
    return decide(wishes, before, source(""))


def test_an_import_under_way_is_awaited_unless_it_fails() -> None:
    changes = under_way("ContainerCreating")
    assert not any(isinstance(one, Create | Delete) for one in changes)
    assert reasons(changes) == ["ImportProgressing", "Outdated"]
    changes = under_way("Error")
    assert [one.name for one in changes if isinstance(one, Delete)] == ["fedora-222222222222"]
    assert [one.kind.name for one in changes if isinstance(one, Create)] == ["DataVolume"]


def test_two_crons_do_not_share_a_source() -> None:
    pointer = source("x")
    pointer["metadata"]["labels"] = {CRON_LABEL: "other"}
    other = cron()
    other["metadata"]["name"] = "other"
    (event,) = decide(cron(), other, pointer)
    assert isinstance(event, Announce)
    assert event.reason == "ErrDataSourceAlreadyManaged"
    assert event.message == "DataSource fedora is already managed by DataImportCron other"


def test_a_source_that_is_nobodys_stays_as_it_is() -> None:
    pointer = source("x")
    pointer["metadata"]["labels"] = {}
    changes = decide(cron(), volume(DIGEST, "Succeeded"), pointer)
    assert [one.kind.name for one in changes] == ["DataImportCron"]


def test_what_was_imported_outlives_its_cron_unless_told_otherwise() -> None:
    for policy, owners in (("RetainAll", 0), ("None", 1)):
        made = [one.document for one in decide(cron(retentionPolicy=policy))[:2]]
        found = [len(one["metadata"].get("ownerReferences", ())) for one in made]
        assert found == [owners, owners]


def test_without_a_digest_nothing_is_imported() -> None:
    changes = decide(cron(""))
    assert [one.kind.name for one in changes if isinstance(one, Create)] == ["DataSource"]
    assert reasons(changes) == ["NoImport", "NoDigest"]


def test_the_source_stands_for_what_is_complete() -> None:
    changes = decide(cron(), volume(DIGEST, "ImportInProgress"), source(""))
    bodies = [one.body for one in changes if one.kind.name == "DataSource"]
    assert not any("spec" in body for body in bodies)
    changes = decide(cron(), volume(DIGEST, "Succeeded"), source(""))
    patch = next(one for one in changes if one.kind.name == "DataSource")
    assert patch.body["spec"]["source"]["pvc"]["name"] == "fedora-111111111111"
    assert reasons(changes) == ["NoImport", "UpToDate"]
    failed = decide(cron(), volume(DIGEST, "Failed"), source(""))
    assert reasons(failed) == ["Failed", "ImportProgressing"]


def old(number: int) -> dict:
    return volume(f"sha256:{number}" + "0" * 63, "Succeeded", number)


def test_old_imports_go() -> None:
    newest = volume(DIGEST, "Succeeded", 9)
    everything = [newest, *(old(number) for number in range(2, 7))]
    changes = decide(cron(importsToKeep=2), source(newest["metadata"]["name"]), *everything)
    gone = [one.name for one in changes if isinstance(one, Delete)]
    assert gone == [old(number)["metadata"]["name"] for number in (5, 4, 3, 2)]
    changes = decide(cron(garbageCollect="Never"), source(""), *everything)
    assert not any(isinstance(one, Delete) for one in changes)


def test_what_the_source_stands_for_is_kept_while_the_next_comes() -> None:
    changes = decide(
        cron(importsToKeep=1), volume(DIGEST, "ImportInProgress", 9), old(2), old(3),
        source(old(2)["metadata"]["name"]),
    )  # fmt: skip
    assert [one.name for one in changes if isinstance(one, Delete)] == [old(3)["metadata"]["name"]]


def test_what_is_gone_or_going_is_nothing() -> None:
    assert decide() == []
    going = cron()
    going["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert decide(going) == []
