"""What polls found."""

from __future__ import annotations

import pytest

from virtctl.local.runtime import polls


def test_what_was_found_is_read_again() -> None:
    cron = {"metadata": {}}
    assert (polls.desired(cron), polls.polled(cron)) == ("", 0.0)
    cron = polls.found("sha256:1", 1000.0)
    assert (polls.desired(cron), polls.polled(cron)) == ("sha256:1", 1000.0)
    assert list(polls.found("", 2000.0)["metadata"]["annotations"]) == [polls.POLLED]


@pytest.mark.parametrize(
    ("url", "bare"),
    [
        ("docker://host:5000/a/b:tag", "docker://host:5000/a/b"),
        ("docker://host:5000/a/b@sha256:1", "docker://host:5000/a/b"),
        ("docker://host/a", "docker://host/a"),
    ],
)
def test_versions_are_taken_off(url: str, bare: str) -> None:
    assert polls.without_version(url) == bare
