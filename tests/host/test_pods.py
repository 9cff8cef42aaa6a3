"""Pods of every binding and mode, from a VirtualMachineInstance to the links, rules and leases.

A case is a directory: the machine and what its pod is like, beside what becomes of it. The texts
were right when all recorded networks were KubeVirt's; after a wanted change, write them again with
``python -m tests.host.test_pods`` (as root), and see that the recorded ones still hold.
"""

import os
import sys
import tempfile
from pathlib import Path

import pytest

from tests.fakes.podcase import play

pytestmark = pytest.mark.host

CASES = sorted(path.parent for path in Path(__file__).parent.glob("pods/*/pod.yaml"))

ORDER = ("MY_POD_IP", "10.244.2.9")  # by it a launcher knows which family comes first


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_what_becomes_of_a_pod(case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(*ORDER)
    assert play(case, tmp_path) == (case / "expected.txt").read_text()


def write(names: list[str]) -> None:
    os.environ.update([ORDER])
    for case in CASES:
        if not names or case.name in names:
            with tempfile.TemporaryDirectory() as room:
                (case / "expected.txt").write_text(play(case, Path(room)))


if __name__ == "__main__":
    write(sys.argv[1:])
