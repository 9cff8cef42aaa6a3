"""One tiny image for all tests of the session."""

from pathlib import Path

import pytest

from launcher import imaging
from launcher.errors import LauncherError


@pytest.fixture(scope="session")
def tiny_image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny guest's disk, built from distribution packages."""
    directory = tmp_path_factory.mktemp("tiny")
    disk = directory / "tiny.qcow2"
    for attempts_left in (2, 1, 0):
        try:
            imaging.build_tiny(disk, directory / "packages", lambda _: None)
            break
        except LauncherError:  # a package may not come at the first attempt
            if not attempts_left:
                raise
    return disk
