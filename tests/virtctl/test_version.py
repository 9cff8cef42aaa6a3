import tomllib
from pathlib import Path

from virtctl.version import VERSION, client_version


def test_it_is_the_packages() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    assert project["project"]["version"] == VERSION


def test_fields_are_kubevirts() -> None:
    found = client_version()
    assert found["gitVersion"] == f"v{VERSION}"
    assert str(found["platform"]).count("/") == 1
