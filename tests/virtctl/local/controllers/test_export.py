from pathlib import Path

import pytest
import yaml

from tests.fakes.shelf import Shelf, cases, decided
from virtctl.local.controllers.export import ExportController
from virtctl.local.runtime.queue import Key
from virtctl.models.kinds import POD

CASES = cases(Path(__file__).parent / "cases", "export")


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_case(case):
    found, wanted = decided(ExportController(), case)
    assert found == wanted


def test_what_is_gone_is_nothing():
    assert ExportController().observe(Shelf([]), Key("default", "x")) is None


def test_a_pod_that_takes_a_claim_is_noticed():
    controller = ExportController()
    documents = list(yaml.safe_load_all((CASES[0] / "objects.yaml").read_text()))
    key = Key("default", documents[0]["metadata"]["name"])
    claim = documents[0]["spec"]["source"]["name"]
    assert controller.observe(Shelf(documents), key) is not None
    pods = next(one for one in controller.watched if one.kind is POD)
    volumes = [{"name": "v", "persistentVolumeClaim": {"claimName": claim}}]
    pod = {"metadata": {"name": "p", "namespace": "default"}, "spec": {"volumes": volumes}}
    assert list(pods.keys(pod)) == [key]
    elsewhere = pod | {"metadata": {"name": "p", "namespace": "other"}}
    assert list(pods.keys(elsewhere)) == []
    assert controller.observe(Shelf([]), key) is None
    assert list(pods.keys(pod)) == []
