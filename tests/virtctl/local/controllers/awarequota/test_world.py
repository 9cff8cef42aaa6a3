from virtctl.local.controllers.awarequota.world import Limit, World, runs, waiting
from virtctl.local.runtime.podmanifest import resources, settings_of
from virtctl.models.documents import Document

NAMESPACES: tuple[Document, ...] = (
    {"metadata": {"name": "b", "labels": {"team": "x"}, "annotations": {"who": "jane"}}},
    {"metadata": {"name": "a", "labels": {"team": "x"}}},
)


def chosen(selector: Document) -> list[str]:
    return list(World(None, NAMESPACES).chosen({"spec": {"selector": selector}}))


def test_namespaces_by_labels_and_annotations() -> None:
    labels: Document = {"matchLabels": {"team": "x"}}
    assert chosen({"labels": labels}) == ["a", "b"]
    assert chosen({"labels": labels, "annotations": {"who": "jane"}}) == ["b"]
    assert chosen({"labels": {"matchLabels": {"team": "y"}}}) == []


def pod(name: str, created: str, *gates: str) -> Document:
    metadata: Document = {"name": name, "namespace": "a", "creationTimestamp": created}
    return {"metadata": metadata, "spec": {"schedulingGates": [{"name": gate} for gate in gates]}}


def test_who_waits_longest_is_first() -> None:
    gate = "ApplicationAwareQuotaGate"
    pods = (pod("b", "2", gate), pod("a", "2", gate), pod("c", "1", gate), pod("d", "0", "mine"))
    found = waiting(World(None, pods=pods))
    assert [one["metadata"]["name"] for one in found] == ["c", "a", "b"]
    assert [runs(one) for one in pods] == [False, False, False, True]


def test_what_is_used_by_name_of_the_quota() -> None:
    quota: Document = {
        "metadata": {"name": "q", "namespace": "a"},
        "spec": {"hard": {"pods": 3, "services": 1}},
    }
    limit = Limit(quota, quota, ("a",))
    used = limit.used(World(None), (pod("x", "1"), pod("y", "2")), "a")
    assert {name: str(amount) for name, amount in used.items()} == {"pods": "2", "services": "0"}
    assert limit.used(World(None), (pod("x", "1"),), "b")["pods"].value == 0


def test_memory_beside_a_machines_own_is_left_out_of_what_the_guest_has() -> None:
    cpu: Document = {"sockets": 1, "cores": 1, "threads": 1}
    vmi: Document = {"spec": {"domain": {"cpu": cpu, "memory": {"guest": "1Gi"}}}}
    settings: Document = {"additionalGuestMemoryOverheadRatio": "2"}
    launcher: Document = {
        "metadata": {
            "name": "p", "namespace": "a", "labels": {"kubevirt.io": "virt-launcher"},
            "annotations": {"kubevirt.io/domain": "vm"},
        },
        "spec": {
            "containers": [{"name": "compute", "resources": resources(vmi, settings_of(settings))}]
        },
    }  # fmt: skip
    calculator: Document = {"configName": "GuestEffectiveResources"}
    aaq: Document = {"spec": {"configuration": {"vmiCalculatorConfiguration": calculator}}}
    world = World(aaq, machines={("a", "vm"): vmi}, configuration=settings)
    assert world.usage(launcher)["requests.memory"].value == 1 << 30
