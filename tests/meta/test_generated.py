"""Generated files are committed and up to date."""

from virtctl.cli.reference import stale


def test_generated_files_are_up_to_date() -> None:
    assert stale() == [], "run `make gen`"
