"""Command lines whose requests, output and code scripts written for Go's virtctl rely on.

A case is a directory: ``input.json`` holds ``argv``, perhaps ``files`` and ``stdin``, and the
server's ``answers`` by method and path (404 for all else), ``expected.json`` the ``code``,
``stdout`` (or its ``yaml``), words of
``stderr``, and ``requests`` in order.
"""

import json
from pathlib import Path

import pytest
import yaml

from tests.fakes.canned import api_server
from tests.fakes.env import fake_env, run_in

CASES = sorted(path for path in (Path(__file__).parent / "cases").iterdir() if path.is_dir())


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_case(case: Path, tmp_path: Path) -> None:
    given = json.loads((case / "input.json").read_text())
    expected = json.loads((case / "expected.json").read_text())
    with api_server() as server:
        for place, body in given.get("answers", {}).items():
            method, _, path = place.partition(" ")
            server.on(method, path, body)
        for name, content in given.get("files", {}).items():
            (tmp_path / name).write_text(content)
        env = fake_env(cwd=str(tmp_path), stdin=given.get("stdin", ""))
        ran = run_in(env, f"--server={server.url}", *given["argv"])
        asked = [[one.method, one.path, one.body] for one in server.asked]
    assert ran.code == expected["code"], ran.err
    assert asked == expected["requests"]
    if "yaml" in expected:
        assert yaml.safe_load(ran.out) == expected["yaml"]
    if "stdout" in expected:
        assert ran.out == expected["stdout"]
    for words in expected.get("stderr", []):
        assert words in ran.err
