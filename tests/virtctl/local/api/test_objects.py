from datetime import UTC, datetime

import pytest

from virtctl.errors import BadRequest
from virtctl.local.api import objects
from virtctl.models.kinds import CONFIG_MAP, NAMESPACE, POD, SERVICE, VIRTUAL_MACHINE

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "name", "good"),
    [
        (CONFIG_MAP, "kube-root.ca", True),
        (CONFIG_MAP, "Upper", False),
        (NAMESPACE, "a.b", False),
        (NAMESPACE, "a" * 64, False),
        (SERVICE, "1st", True),
        (SERVICE, "a.b", False),
    ],
)
def test_names(kind, name, good) -> None:
    assert (objects.name_causes(kind, name) == []) is good


def test_timestamps() -> None:
    assert objects.timestamp(NOW) == "2026-01-01T00:00:00Z"


def test_random_suffix_has_no_vowels() -> None:
    assert objects.random_suffix(lambda alphabet: alphabet[-1]) == "99999"
    assert not set("aeiou01") & set(objects.ALPHABET)


@pytest.mark.parametrize(
    ("spec", "status", "asked", "grace"),
    [
        ({}, {}, 30, 0),
        ({"nodeName": "n"}, {}, None, 30),
        ({"nodeName": "n", "terminationGracePeriodSeconds": 7}, {}, None, 7),
        ({"nodeName": "n"}, {}, 0, 0),
        ({"nodeName": "n"}, {}, -5, 1),
        ({"nodeName": "n"}, {"phase": "Succeeded"}, None, 0),
    ],
)
def test_grace(spec, status, asked, grace) -> None:
    pod = {"spec": spec, "status": status}
    assert objects.grace_period(POD, pod, asked) == grace


def test_only_pods_have_grace() -> None:
    assert objects.grace_period(VIRTUAL_MACHINE, {"spec": {"nodeName": "n"}}, 30) == 0


def test_finished() -> None:
    deleted = {"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}}
    assert objects.is_finished(POD, deleted)
    assert not objects.is_finished(POD, {})
    held = {"metadata": {**deleted["metadata"], "deletionGracePeriodSeconds": 3}}
    assert not objects.is_finished(POD, held)
    assert not objects.is_finished(NAMESPACE, {**deleted, "spec": {"finalizers": ["kubernetes"]}})


def test_mark_deleted_once() -> None:
    document = {"metadata": {"generation": 1}}
    objects.mark_deleted(document, NOW, 0)
    again = {**document["metadata"]}
    objects.mark_deleted(document, NOW.replace(year=2027), 0)
    assert document["metadata"] == again
    assert again["generation"] == 2


def test_metadata_must_be_an_object() -> None:
    with pytest.raises(BadRequest):
        objects.metadata_of({"metadata": "x"})


def test_owners_and_nulls() -> None:
    assert objects.owners({"metadata": {"ownerReferences": [{"name": "a"}]}}) == [{"name": "a"}]
    document = {"a": None, "metadata": {"b": None, "name": "c"}}
    assert objects.without_nulls(document) == {"metadata": {"name": "c"}}


@pytest.mark.parametrize(
    ("metadata", "fields"),
    [
        ({"name": "a"}, []),
        ({}, ["metadata.name"]),
        ({"generateName": "a-", "name": "a-x2b4c"}, []),
        ({"generateName": "A-", "name": "A-x2b4c"}, ["metadata.generateName", "metadata.name"]),
        ({"generateName": "-", "name": "-x2b4c"}, ["metadata.generateName", "metadata.name"]),
    ],
)
def test_new_objects_have_a_name(metadata, fields) -> None:
    found = objects.identity_causes(VIRTUAL_MACHINE, {"metadata": metadata})
    assert [cause.field for cause in found] == fields
