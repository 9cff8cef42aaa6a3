import pytest

from virtctl.errors import Forbidden
from virtctl.local.api.quotas.allowance import check, in_scope, kinds_of, used_of
from virtctl.models.kinds import CONFIG_MAP, NODE, POD, PVC, SERVICE, by_name


class Stored:
    """Objects in a list."""

    def __init__(self, *documents):
        self.documents = documents

    def list(self, kind, namespace):
        return [
            one
            for one in self.documents
            if by_name(one["apiVersion"], one["kind"]) == kind
            and one["metadata"]["namespace"] == namespace
        ]

    def get(self, kind, namespace, name):
        for one in self.list(kind, namespace):
            if one["metadata"]["name"] == name:
                return one
        return None


def make(kind, name, api="v1", namespace="n", **rest):
    return {
        "apiVersion": api,
        "kind": kind,
        "metadata": {"name": name, "namespace": namespace, **rest.pop("metadata", {})},
        **rest,
    }


def quota(name="q", spec=None, **hard):
    limits = {key.replace("_", "."): value for key, value in hard.items()}
    return make("ResourceQuota", name, spec={"hard": limits, **(spec or {})})


def pod(name, phase="Running", metadata=None, **requests):
    containers = [{"name": "compute", "resources": {"requests": requests}}]
    return make(
        "Pod", name, spec={"containers": containers}, status={"phase": phase},
        metadata=metadata or {},
    )  # fmt: skip


def refusal(document, *stored, kind=POD):
    with pytest.raises(Forbidden) as caught:
        check(kind, document, Stored(*stored))
    return caught.value.message


def test_what_fits_is_let_in():
    with pytest.raises(Forbidden):
        check(POD, pod("a", cpu="1"), Stored(quota(requests_cpu="1"), pod("b", cpu="1")))
    check(POD, pod("a", cpu="1"), Stored(quota(requests_cpu="2"), pod("b", cpu="1")))
    check(POD, pod("a", cpu="9"), Stored())
    check(NODE, {"metadata": {"name": "n1"}}, Stored(quota(pods="0")))


def test_what_goes_beyond_is_refused():
    stored = (quota(requests_cpu="2", pods="5"), pod("b", cpu="1500m"))
    assert refusal(pod("a", cpu="1"), *stored) == (
        'pods "a" is forbidden: exceeded quota: q, requested: requests.cpu=1, '
        "used: requests.cpu=1500m, limited: requests.cpu=2"
    )


def test_all_that_goes_beyond_is_told():
    assert refusal(pod("a", cpu="1"), quota(requests_cpu="0", pods="0")) == (
        'pods "a" is forbidden: exceeded quota: q, requested: pods=1,requests.cpu=1, '
        "used: pods=0,requests.cpu=0, limited: pods=0,requests.cpu=0"
    )


def test_pods_that_are_over_and_other_namespaces_do_not_count():
    over = pod("b", "Succeeded", cpu="2")
    other = {**pod("c", cpu="2"), "metadata": {"name": "c", "namespace": "m"}}
    here = {**other, "metadata": {"name": "c", "namespace": over["metadata"]["namespace"]}}
    with pytest.raises(Forbidden):
        check(POD, pod("a", cpu="1"), Stored(quota(requests_cpu="2"), over, here))
    check(POD, pod("a", cpu="1"), Stored(quota(requests_cpu="2"), over, other))


def test_what_is_counted_must_be_said():
    assert refusal(pod("a", cpu="1"), quota(limits_cpu="2")) == (
        'pods "a" is forbidden: failed quota: q: must specify limits.cpu for: compute'
    )


def test_machines_are_counted_as_guests():
    vmi = make(
        "VirtualMachineInstance", "vm1", "kubevirt.io/v1",
        spec={"domain": {"cpu": {"cores": 4}, "memory": {"guest": "1Gi"}}},
    )  # fmt: skip
    labels = {
        "labels": {"kubevirt.io": "virt-launcher"},
        "annotations": {"kubevirt.io/domain": "vm1"},
    }
    limits = {"requests.cpu/vmi": "3", "requests.memory/vmi": "2Gi"}
    bound = make("ResourceQuota", "q", spec={"hard": limits})
    assert refusal(pod("a", metadata=labels, cpu="400m"), bound, vmi) == (
        'pods "a" is forbidden: exceeded quota: q, requested: requests.cpu/vmi=4, '
        "used: requests.cpu/vmi=0, limited: requests.cpu/vmi=3"
    )
    check(POD, pod("a", cpu="9"), Stored(bound, vmi))


def test_any_kind_can_be_counted():
    bound = make("ResourceQuota", "q", spec={"hard": {"count/configmaps": "1"}})
    stored = (bound, make("ConfigMap", "a"))
    assert "count/configmaps=1" in refusal(make("ConfigMap", "b"), *stored, kind=CONFIG_MAP)


def test_usage_is_told_for_what_is_known():
    limits = {"pods": "3", "requests.cpu": "4", "requests.gold": "1", "nonsense": "1"}
    bound = make("ResourceQuota", "q", spec={"hard": limits})
    used = used_of(bound, limits, Stored(pod("a", cpu="1"), pod("b")))
    assert {name: str(amount) for name, amount in used.items()} == {
        "pods": "2", "requests.cpu": "1", "requests.gold": "0",
    }  # fmt: skip


def test_kinds_by_resource():
    names = ["services.nodeports", "requests.storage", "limits.cpu", "count/configmaps"]
    assert set(kinds_of(names)) == {SERVICE, PVC, POD, CONFIG_MAP}
    assert kinds_of(["x.storageclass.storage.k8s.io/requests.storage"]) == [PVC]


@pytest.mark.parametrize(
    ("scope", "wanted"),
    [
        ("Terminating", False),
        ("NotTerminating", True),
        ("BestEffort", False),
        ("NotBestEffort", True),
        ("PriorityClass", False),
        ("CrossNamespacePodAffinity", False),
    ],
)
def test_scopes(scope, wanted):
    bound = quota(spec={"scopes": [scope]})
    assert in_scope(bound, POD, pod("a", cpu="1")) is wanted
    assert not in_scope(bound, CONFIG_MAP, {})


@pytest.mark.parametrize(
    ("operator", "values", "wanted"),
    [
        ("In", ["high"], True),
        ("NotIn", ["high"], False),
        ("Exists", [], True),
        ("DoesNotExist", [], False),
    ],
)
def test_priorities(operator, values, wanted):
    term = {"scopeName": "PriorityClass", "operator": operator, "values": values}
    bound = quota(spec={"scopeSelector": {"matchExpressions": [term]}})
    one = pod("a")
    one["spec"]["priorityClassName"] = "high"
    assert in_scope(bound, POD, one) is wanted
    term.update(scopeName="BestEffort", operator="Exists")
    assert in_scope(bound, POD, one)


def test_what_is_used_more_after_a_change_counts():
    old = make("Service", "s", spec={"ports": [{"port": 80}]})
    new = make("Service", "s", spec={"type": "NodePort", "ports": [{"port": 80}]})
    bound = quota(**{"services": "1", "services.nodeports": "0"})
    check(SERVICE, old, Stored(bound, old), old)
    with pytest.raises(Forbidden) as caught:
        check(SERVICE, new, Stored(bound, old), old)
    assert str(caught.value) == (
        'services "s" is forbidden: exceeded quota: q, requested: services.nodeports=1, used: '
        "services.nodeports=0, limited: services.nodeports=0"
    )


def test_a_claim_may_not_grow_beyond():
    def claim(size):
        return make(
            "PersistentVolumeClaim", "c", spec={"resources": {"requests": {"storage": size}}}
        )

    bound = quota(**{"requests.storage": "5Gi"})
    check(PVC, claim("5Gi"), Stored(bound, claim("2Gi")), claim("2Gi"))
    with pytest.raises(
        Forbidden, match=r"requested: requests\.storage=4Gi, used: requests\.storage=2Gi"
    ):
        check(PVC, claim("6Gi"), Stored(bound, claim("2Gi")), claim("2Gi"))
    check(PVC, claim("1Gi"), Stored(bound, claim("9Gi")), claim("9Gi"))
