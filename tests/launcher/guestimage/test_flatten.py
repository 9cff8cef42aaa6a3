"""The guest's reader of seeds: a document in, its lines out. A case is a directory."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

import launcher.guestimage
from launcher.system import process

SCRIPT = Path(launcher.guestimage.__file__).parent / "rootfs/usr/lib/tiny/flatten.awk"
CASES = sorted((Path(__file__).parent / "cases").iterdir())


def flatten(text: str) -> str:
    return process.run(["busybox", "awk", "-f", SCRIPT], input=text).stdout


def lines_of(value: object, path: str = "") -> list[str]:
    """What the reader should print for a document, by a real YAML parser."""
    if isinstance(value, dict):
        return [line for key, each in value.items() for line in lines_of(each, f"{path}/{key}")]
    if isinstance(value, list):
        return [line for n, each in enumerate(value) for line in lines_of(each, f"{path}/{n}")]
    text = "" if value is None else str(value)
    return [f"{path[1:]}\t" + text.replace("\\", "\\\\").replace("\n", "\\n")]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_cases(case: Path) -> None:
    text = (case / "document.yaml").read_text()
    # Every scalar as the string that stands there: the guest's shell has no other type.
    expected = lines_of(yaml.load(text, Loader=yaml.BaseLoader))
    assert flatten(text).splitlines() == expected


def test_json() -> None:
    document = {
        "instance-id": "fedora-0.default",
        "public-keys": {"0": "ssh-ed25519 AAAA me@here, too", "1": 'quo"ted'},
        "list": [1, {"deep": [True, ["x"]]}],
    }
    expected = lines_of(json.loads(json.dumps(document)))
    for indent in (None, 2):
        found = flatten(json.dumps(document, indent=indent)).splitlines()
        assert found == [line.replace("\tTrue", "\ttrue") for line in expected]


def test_noop() -> None:
    assert flatten("") == ""
    assert flatten("#cloud-config\n") == ""
    assert flatten("a: []\nb: {}\n") == ""
