"""The claims of DataVolumes."""

from __future__ import annotations

import pytest

from tests.fakes.cdi import classes, config, data_volume, profile
from virtctl.local.controllers.cdi.claimspec import NotValid, Surroundings, build
from virtctl.local.runtime import fillings

AROUND = Surroundings(
    classes=(classes()[0],),
    profiles={
        "local": profile(
            (["ReadWriteMany"], "Block"), (["ReadWriteMany", "ReadWriteOnce"], "Filesystem")
        )
    },
)
BLANK: dict = {"blank": {}}


def storage(**fields: object) -> dict:
    return {"resources": {"requests": {"storage": "10Mi"}}, **fields}


def test_what_is_not_said_comes_from_the_profile() -> None:
    made = build(data_volume(BLANK), BLANK, AROUND)
    assert made["spec"]["accessModes"] == ["ReadWriteMany"]
    assert (made["spec"]["volumeMode"], made["spec"]["storageClassName"]) == ("Block", "local")
    assert made["metadata"]["labels"]["app"] == "containerized-data-importer"
    assert made["metadata"]["ownerReferences"][0]["kind"] == "DataVolume"


@pytest.mark.parametrize(
    ("given", "modes", "mode"),
    [
        ({"volumeMode": "Filesystem"}, ["ReadWriteMany", "ReadWriteOnce"], "Filesystem"),
        ({"accessModes": ["ReadWriteOnce"]}, ["ReadWriteOnce"], "Filesystem"),
        ({"accessModes": ["ReadWriteOncePod"]}, ["ReadWriteOncePod"], "Filesystem"),
        ({"accessModes": ["ReadWriteOnce"], "volumeMode": "Block"}, ["ReadWriteOnce"], "Block"),
    ],
)
def test_what_is_said_is_kept(given: dict, modes: list[str], mode: str) -> None:
    spec = build(data_volume(BLANK, storage=storage(**given)), BLANK, AROUND)["spec"]
    assert (spec["accessModes"], spec["volumeMode"]) == (modes, mode)


def test_a_claim_is_larger_by_what_its_file_system_takes() -> None:
    around = Surroundings(
        classes=AROUND.classes,
        profiles={"local": profile((["ReadWriteOnce"], "Filesystem"))},
        config=config("0.06"),
    )
    made = build(data_volume(BLANK, storage=storage()), BLANK, around)
    size = int(made["spec"]["resources"]["requests"]["storage"])
    assert size == 11155064  # 10 MiB / 0.94, rounded up
    assert made["metadata"]["annotations"][fillings.DISK_SIZE] == str(10 << 20)
    assert fillings.usable(size, 0.06) <= 10 << 20


def test_a_copy_is_as_large_as_its_source() -> None:
    around = Surroundings(classes=AROUND.classes, profiles=AROUND.profiles, source_size=64 << 20)
    bare = data_volume(BLANK, storage={"volumeMode": "Filesystem"})
    assert build(bare, BLANK, around)["spec"]["resources"]["requests"]["storage"] == "64Mi"


def test_a_claim_of_ones_own_is_taken_as_it_is() -> None:
    wanted = {"accessModes": ["ReadWriteOnce"], **storage()}
    volume = data_volume(BLANK, pvc=wanted, preallocation=True, contentType="archive")
    made = build(volume, BLANK, Surroundings())
    assert made["spec"] == wanted
    marks = made["metadata"]["annotations"]
    assert (marks[fillings.PREALLOCATE], marks[fillings.CONTENT]) == ("true", "archive")
    assert fillings.DISK_SIZE not in marks
    config = {"status": {"preallocation": True}}
    for asked, wanted in ((None, "true"), (False, "")):
        given = {} if asked is None else {"preallocation": asked}
        volume = data_volume(BLANK, pvc={"accessModes": ["ReadWriteOnce"], **storage()}, **given)
        marks = build(volume, BLANK, Surroundings(config=config))["metadata"]["annotations"]
        assert marks.get(fillings.PREALLOCATE, "") == wanted


@pytest.mark.parametrize(
    ("spec", "around", "problem"),
    [
        ({"pvc": storage()}, AROUND, "no accessModes"),
        ({"pvc": {"accessModes": ["ReadWriteOnce"]}}, AROUND, "missing storage size"),
        ({"storage": {}}, AROUND, "missing storage size"),
        ({"storage": storage(storageClassName="x")}, AROUND, '"x" not found'),
        ({"storage": storage()}, Surroundings(), "no storageClass to choose profile"),
        ({"storage": storage()}, Surroundings(classes=AROUND.classes), "StorageProfile local"),
        ({"storage": {"resources": {"requests": {"storage": "5"}}}}, AROUND, "at least 1MiB"),
        ({"storage": {"resources": {"requests": {"storage": "x"}}}}, AROUND, "storage size"),
        ({"storage": {"resources": {"requests": {"storage": True}}}}, AROUND, "a quantity"),
    ],
)
def test_claims_that_cannot_be_made(spec: dict, around: Surroundings, problem: str) -> None:
    with pytest.raises(NotValid, match=problem):
        build(data_volume(BLANK, **spec), BLANK, around)
