import json
from pathlib import Path

import pytest

from tests.fakes.env import virtctl

pytestmark = pytest.mark.host


def test_findings_are_lines_with_remedies(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    ran = virtctl("local", "doctor", "--dir", str(tmp_path))
    assert ran.code == 1
    first, second, *rest = ran.out.splitlines()
    assert first.startswith("fail  directory: ")
    assert "thesis.tex" in first
    assert second.startswith("      remedy: ")
    assert any(line.startswith("ok    tun: ") for line in rest)


def test_findings_as_json(tmp_path: Path) -> None:
    ran = virtctl("local", "doctor", "-o", "json", "--dir", str(tmp_path / "new"))
    findings = json.loads(ran.out)["findings"]
    assert {"name", "level", "said", "remedy"} == findings[0].keys()
    failed = [finding for finding in findings if finding["level"] == "fail"]
    assert ran.code == bool(failed)
    assert all(finding["remedy"] for finding in failed)
