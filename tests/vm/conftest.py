"""One tiny image for all tests of the session."""

from pathlib import Path

import pytest

from launcher import imaging


@pytest.fixture(scope="session")
def tiny_image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny guest's disk, built from distribution packages."""
    directory = tmp_path_factory.mktemp("tiny")
    disk = directory / "tiny.qcow2"
    imaging.build_tiny(disk, directory / "packages", lambda _: None)
    return disk
