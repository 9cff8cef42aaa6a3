"""The answers of kube-apiserver and of KubeVirt's API, recorded, beside those of a local instance.

The recordings and their checker lie beside the repository; without them there is nothing to do.
Cases that boot machines or wait, and explanations, whose texts are ours, are left to a run by hand,
which docs/explanation/differences.md describes.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.instance import Instance

CASES = Path(__file__).resolve().parents[3] / "shared" / "apicheck"
MOST = 0.01
"""Share of cases that may differ besides those known: some depend on time."""

pytestmark = [
    pytest.mark.host,
    pytest.mark.timeout(1500),
    pytest.mark.skipif(not CASES.exists(), reason="the recordings are not there"),
]

# What answers otherwise, and why: see docs/explanation/differences.md.
KNOWN = {
    "verbs/pvc": "a claim is bound at once, so another rule refuses",
    "kubectl/describe-pvc": "a claim is bound at once",
    "kubectl/events": "a claim is bound at once, which makes an event",
    "kubectl/get-crds-kubevirt": "there are more kinds of KubeVirt's here",
    "verbs/status-datavolume": "a controller looks after DataVolumes, and was first",
    "admission/vm-update-cores-ok": "the controller was first",
    "admission/vmi-update-status-ignored": "the controller was first",
}
SAMPLE = r"^admission/|^verbs/|^kubectl/(create|apply|describe|get-(o|vm|all|sel|field|json|event))"
LONG = "explain|agent|two-nodes|slow|running|timing"


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    made = Instance(tmp_path_factory.mktemp("api") / "instance")
    try:
        made.up()
        yield made
    finally:
        made.down()


@pytest.fixture(scope="module")
def cases(instance: Instance, tmp_path_factory: pytest.TempPathFactory) -> list[dict]:
    """What became of each case of the sample."""
    file = tmp_path_factory.mktemp("results") / "results.json"
    words = ["--kubeconfig", instance.environ["KUBECONFIG"], "--cases", str(CASES)]
    words += ["--apply-config", "--retries", "2", "--slow", "10", "-j", "2", "-q"]
    words += ["--only", SAMPLE, "--skip", LONG, "--json", str(file)]
    done = subprocess.run(
        [sys.executable, str(CASES / "apicheck.py"), *words],
        env=instance.environ, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode in {0, 1}, done.stderr
    return [case for case in json.loads(file.read_text())["cases"] if "skipped" not in case]


@pytest.mark.parametrize("category", ["admission", "kubectl", "verbs"])
def test_our_answers_are_the_recorded_ones(cases: list[dict], category: str) -> None:
    asked = [case for case in cases if case["category"] == category]
    failed = {f"{category}/{case['id']}": case["diffs"] for case in asked if not case["ok"]}
    new = {name: said for name, said in failed.items() if name not in KNOWN}
    assert len(new) <= MOST * len(asked), new
