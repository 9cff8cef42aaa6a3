import pytest

from virtctl.local.runtime.placement import affinity_refusal, selection_refusal, spread_refusal

ZONE = "zone"
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"


def node(name, zone=None):
    return {"metadata": {"name": name, "labels": {ZONE: zone} if zone else {}}}


NODES = (node("n1", "a"), node("n2", "a"), node("n3", "b"))


def pod(name="new", on="", **spec):
    labels = {"app": "x"}
    metadata = {"name": name, "namespace": "default", "labels": labels}
    return {"metadata": metadata, "spec": {**spec, "nodeName": on}}


def affinity(kind, key="kubernetes.io/hostname"):
    term = {"labelSelector": {"matchLabels": {"app": "x"}}, "topologyKey": key}
    return {"affinity": {kind: {REQUIRED: [term]}}}


def spread(key, **more):
    selector = {"matchLabels": {"app": "x"}}
    constraint = {"maxSkew": 1, "topologyKey": key, "labelSelector": selector, **more}
    return {"topologySpreadConstraints": [constraint]}


def allowed(refusal, subject, *placed):
    return [one["metadata"]["name"] for one in NODES if not refusal(subject, one, NODES, [*placed])]


@pytest.mark.parametrize(
    ("terms", "wanted"),
    [
        ([{"matchExpressions": [{"key": ZONE, "operator": "In", "values": ["b"]}]}], ["n3"]),
        ([{"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n2"]}]}], ["n2"]),
        ([{}], []),
    ],
)
def test_nodes_are_selected_by_terms(terms, wanted) -> None:
    spec = {"affinity": {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": terms}}}}
    found = [one["metadata"]["name"] for one in NODES if not selection_refusal(pod(**spec), one)]
    assert found == wanted


def test_nodes_are_selected_by_labels() -> None:
    assert selection_refusal(pod(nodeSelector={ZONE: "b"}), NODES[0]).startswith("node(s) didn't")
    assert selection_refusal(pod(nodeSelector={ZONE: "b"}), NODES[2]) == ""


def test_pods_that_keep_apart() -> None:
    other = pod("other", on="n1")
    apart = affinity("podAntiAffinity")
    assert allowed(affinity_refusal, pod(**apart), other) == ["n2", "n3"]
    assert allowed(affinity_refusal, pod(**affinity("podAntiAffinity", ZONE)), other) == ["n3"]
    assert allowed(affinity_refusal, pod("other", **apart), other) == ["n1", "n2", "n3"]


def test_pods_that_keep_together() -> None:
    together = pod(**affinity("podAffinity", ZONE))
    assert allowed(affinity_refusal, together, pod("other", on="n1")) == ["n1", "n2"]
    assert allowed(affinity_refusal, together) == ["n1", "n2", "n3"]
    stranger = pod(**affinity("podAffinity", ZONE))
    stranger["metadata"]["labels"] = {"app": "y"}
    assert allowed(affinity_refusal, stranger) == []


def test_pods_are_spread() -> None:
    hosts = "kubernetes.io/hostname"
    one, two = pod("one", on="n1"), pod("two", on="n2")
    assert allowed(spread_refusal, pod(**spread(hosts)), one) == ["n2", "n3"]
    assert allowed(spread_refusal, pod(**spread(hosts)), one, two) == ["n3"]
    assert allowed(spread_refusal, pod(**spread(ZONE)), one) == ["n3"]
    assert allowed(spread_refusal, pod(**spread("rack"))) == []
    loose = spread(hosts, whenUnsatisfiable="ScheduleAnyway")
    assert allowed(spread_refusal, pod(**loose), one) == ["n1", "n2", "n3"]
