"""The doctor's findings about the directory and the address; the host's are examination's."""

from pathlib import Path

import pytest

from tests.fakes.kept import instance
from virtctl.local.daemon.doctor import Finding, examine
from virtctl.local.layout import InstanceLayout


def test_a_finding_as_json() -> None:
    assert Finding("tun", "fail", "no device", "load it").document() == {
        "name": "tun", "level": "fail", "said": "no device", "remedy": "load it",
    }  # fmt: skip


@pytest.mark.host
def test_a_directory_that_is_new_is_looked_at_with_free_networks(tmp_path: Path) -> None:
    layout = InstanceLayout(tmp_path / "new")
    found = {finding.name: finding for finding in examine(layout)}
    assert found["directory"].level == "ok"
    assert "free for an instance" in found["directory"].said
    assert found["addresses"].level == "ok"
    assert not layout.root.exists()


@pytest.mark.host
def test_a_running_instance_serves_its_own_address(tmp_path: Path) -> None:
    found = {finding.name: finding for finding in examine(instance(tmp_path, running=True))}
    assert "served by this instance" in found["API address"].said
    assert found["directory"].said == f"{tmp_path} holds an instance"


@pytest.mark.host
def test_other_files_and_a_taken_port_are_found(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    findings = examine(InstanceLayout(tmp_path))
    assert (findings[0].name, findings[0].level) == ("directory", "fail")
    assert findings[0].remedy
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]
