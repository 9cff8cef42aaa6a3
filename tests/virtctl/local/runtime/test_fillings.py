"""What is to be put into claims."""

from __future__ import annotations

import pytest

from tests.fakes.cdi import claim, config
from virtctl.local.runtime import fillings
from virtctl.local.runtime.fillings import Progress


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ({"blank": {}}, {fillings.SOURCE: "none"}),
        ({"upload": {}}, {fillings.UPLOAD: ""}),
        ({"pvc": {"name": "a", "namespace": "n"}}, {fillings.CLONE: "n/a"}),
        ({"snapshot": {"name": "a"}}, {fillings.SNAPSHOT: "default/a"}),
        ({"vddk": {"url": "u"}}, {fillings.SOURCE: "vddk", fillings.ENDPOINT: "u"}),
        (
            {"registry": {"url": "docker://x", "pullMethod": "node", "certConfigMap": "c",
                          "platform": {"architecture": "arm64"}}},
            {fillings.SOURCE: "registry", fillings.ENDPOINT: "docker://x",
             fillings.PULL_METHOD: "node", fillings.CERTIFICATES: "c",
             fillings.ARCHITECTURE: "arm64"},
        ),
        ({}, {}),
    ],
)  # fmt: skip
def test_a_source_becomes_annotations(source: dict, found: dict) -> None:
    assert fillings.wish(source, "default") == found


def test_header_lines_keep_their_order() -> None:
    lines = [f"X-{number}: y" for number in range(12)]
    source = {"http": {"url": "u", "extraHeaders": lines, "secretExtraHeaders": ["s"]}}
    marks = fillings.wish(source, "default")
    assert fillings.headers(marks) == tuple(lines)
    assert fillings.headers(marks, secret=True) == ("s",)


def test_progress_is_read_as_it_was_written() -> None:
    progress = Progress(phase="Running", running=True, reason="x", message="y", restarts=2)
    marked = claim()
    marked["metadata"]["annotations"] = progress.annotations()
    assert fillings.progress_of(marked) == progress


@pytest.mark.parametrize(
    ("share", "words"), [(-1, "N/A"), (0, "0.00%"), (0.45, "45.00%"), (1, "100.0%")]
)
def test_percent(share: float, words: str) -> None:
    assert fillings.percent(share) == words


def test_a_claim_is_filled_when_nothing_is_left_to_do() -> None:
    assert fillings.is_filled(claim())
    assert not fillings.is_filled(claim(SOURCE="http"))
    assert fillings.is_filled(claim(UPLOAD="", POD_PHASE="Succeeded"))
    populated = claim()
    populated["spec"]["dataSourceRef"] = {"kind": "VolumeImportSource", "name": "x"}
    assert not fillings.is_filled(populated)
    assert fillings.content_reference(populated) == ("VolumeImportSource", "default", "x")


@pytest.mark.parametrize("share", [0.0, 0.055, 0.06, 0.5])
@pytest.mark.parametrize("size", [1 << 20, 10 << 20, (1 << 30) + (7 << 20)])
def test_a_claim_has_room_for_the_disk_that_it_was_made_for(share: float, size: int) -> None:
    room = fillings.usable(fillings.inflated(size, share), share)
    assert size - (1 << 20) <= room <= size + (1 << 20)


def test_overhead_is_the_classs_own_or_everybodys() -> None:
    assert fillings.overhead(config("0.06", "0.1"), "local") == 0.1
    assert fillings.overhead(config("0.06", "0.1"), "other") == 0.06
    assert fillings.overhead(config("x"), "other") == 0.0
    assert fillings.overhead(None, "local") == 0.0


def test_who_uses_a_claim() -> None:
    def pod(phase: str, **used: object) -> dict:
        volume = {"name": "v", "persistentVolumeClaim": {"claimName": "a", **used}}
        return {
            "metadata": {"name": "p"}, "spec": {"volumes": [volume]}, "status": {"phase": phase},
        }  # fmt: skip

    assert fillings.is_used([pod("Succeeded"), pod("Running", readOnly=True)], "a") == ""
    assert fillings.is_used([pod("Pending")], "a") == "p"
    assert fillings.is_used([pod("Running")], "b") == ""
