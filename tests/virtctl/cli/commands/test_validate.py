import json
from pathlib import Path

import yaml

from tests.fakes.env import Ran, fake_env, run_in

MACHINE = """\
apiVersion: kubevirt.io/v1
kind: VirtualMachine
metadata:
  name: a
spec:
  runStrategy: Always
  template: {spec: {domain: {devices: {}, memory: {guest: 1Gi}}}}
"""


def validate(cwd: Path, *words: str, stdin: str = "") -> Ran:
    return run_in(fake_env(cwd=str(cwd), stdin=stdin), "validate", *words)


def test_good(tmp_path: Path) -> None:
    ran = validate(tmp_path, "-f", "-", stdin=MACHINE)
    assert (ran.code, ran.out, ran.err) == (0, "", "1 object, 0 errors, 0 warnings\n")


def test_lines_in_order(tmp_path: Path) -> None:
    (tmp_path / "vm.yaml").write_text(
        MACHINE.replace("runStrategy", "runstrategy").replace("1Gi", "much")
    )
    ran = validate(tmp_path, "-f", "vm.yaml")
    assert ran.code == 1
    assert [line.split(": ")[:2] for line in ran.out.splitlines()] == [
        ["vm.yaml:6", "error"], ["vm.yaml:7", "error"],
    ]  # fmt: skip
    assert "VirtualMachine a: spec.runstrategy: unknown field" in ran.out


def test_the_same_object_twice(tmp_path: Path) -> None:
    ran = validate(tmp_path, "-f", "-", stdin=f"{MACHINE}---\n{MACHINE}")
    assert (
        "stdin:12: error: VirtualMachine a: metadata.name: the same object is at stdin:4" in ran.out
    )


def test_warnings_count_when_asked(tmp_path: Path) -> None:
    gadget = "apiVersion: acme.example/v1\nkind: Gadget\n"
    assert validate(tmp_path, "-f", "-", stdin=gadget).code == 0
    assert validate(tmp_path, "-f", "-", "--strict", stdin=gadget).code == 1


def test_as_data(tmp_path: Path) -> None:
    bad = MACHINE.replace("Always", "3")
    found = json.loads(validate(tmp_path, "-f", "-", "-o", "json", stdin=bad).out)
    assert found == [
        {
            "file": "stdin", "line": 6, "object": "VirtualMachine a", "severity": "error",
            "field": "spec.runStrategy", "message": "must be of type string, not integer",
        }
    ]  # fmt: skip
    assert yaml.safe_load(validate(tmp_path, "-f", "-", "-o=yaml", stdin=bad).out) == found
