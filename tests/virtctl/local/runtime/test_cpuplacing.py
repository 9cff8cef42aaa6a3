import pytest

from virtctl.local.runtime.cpuplacing import OBSOLETE_HOST, cpu_selector, without_forbidden


def vmi(**cpu):
    return {"spec": {"domain": {"cpu": cpu}}}


@pytest.mark.parametrize(
    ("cpu", "labels"),
    [
        ({}, {}),
        ({"model": "host-model"}, {}),
        ({"model": "host-passthrough"}, {}),
        ({"model": "Penryn"}, {"cpu-model.node.kubevirt.io/Penryn": "true"}),
        (
            {
                "features": [
                    {"name": "aes"},
                    {"name": "avx", "policy": "require"},
                    {"name": "vmx", "policy": "optional"},
                ]
            },
            {
                "cpu-feature.node.kubevirt.io/aes": "true",
                "cpu-feature.node.kubevirt.io/avx": "true",
            },
        ),
    ],
)
def test_labels_that_a_node_must_have(cpu, labels):
    assert cpu_selector(vmi(**cpu)) == labels


REFUSAL = {"key": "cpu-feature.node.kubevirt.io/vmx", "operator": "DoesNotExist"}
FORBIDS = vmi(model="Penryn", features=[{"name": "vmx", "policy": "forbid"}])


def terms(affinity):
    required = affinity["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    return required["nodeSelectorTerms"]


def test_forbidden_features_keep_a_pod_away():
    assert without_forbidden(None, vmi(model="Penryn")) is None
    assert terms(without_forbidden(None, FORBIDS)) == [{"matchExpressions": [REFUSAL]}]


def test_machines_with_the_hosts_model_go_where_that_is_not_obsolete():
    obsolete = {"key": OBSOLETE_HOST, "operator": "DoesNotExist"}
    for machine in (vmi(), vmi(model="host-model")):
        assert terms(without_forbidden(None, machine)) == [{"matchExpressions": [obsolete]}]


def test_each_alternative_gets_the_refusal():
    zone = {"key": "zone", "operator": "Exists"}
    field = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["node1"]}]}
    required = {"nodeSelectorTerms": [{"matchExpressions": [zone]}, field]}
    given = {
        "nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required},
        "podAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": []},
    }
    made = without_forbidden(given, FORBIDS)
    assert terms(made) == [
        {"matchExpressions": [zone, REFUSAL]},
        {**field, "matchExpressions": [REFUSAL]},
    ]
    assert made["podAffinity"] == given["podAffinity"]
    assert terms(given)[0] == {"matchExpressions": [zone]}
