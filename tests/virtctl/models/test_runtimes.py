from virtctl.models.base import read
from virtctl.models.runtimes import RuntimeClass


def test_a_class_names_its_handler():
    found = read(RuntimeClass, {"handler": "kata", "overhead": {"podFixed": {"memory": "120Mi"}}})
    assert found.handler == "kata"
    assert found.overhead.pod_fixed == {"memory": "120Mi"}
