from virtctl.local.runtime import migrationsettings
from virtctl.local.runtime.migrationsettings import Limits


def policy(name, vmi=None, namespace=None, **spec):
    selectors = {
        "virtualMachineInstanceSelector": vmi or {},
        "namespaceSelector": namespace or {},
    }
    return {"metadata": {"name": name}, "spec": {"selectors": selectors, **spec}}


VMI = {"metadata": {"labels": {"a": "1", "b": "2"}}}
PLACE = {"metadata": {"labels": {"team": "x"}}}


def test_the_policy_with_most_labels_fits_best():
    policies = [
        policy("none"),
        policy("z", {"a": "1"}),
        policy("y", {"a": "1"}, {"team": "x"}),
        policy("x", {"a": "1", "b": "2"}),
        policy("w", {"a": "1", "b": "2"}, {"team": "other"}),
    ]
    found = migrationsettings.policy_for(VMI, PLACE, policies)
    assert found is not None
    assert found["metadata"]["name"] == "x"
    assert migrationsettings.policy_for({}, None, policies) is None


def test_a_policy_changes_what_the_installation_says():
    installation = {"migrations": {"completionTimeoutPerGiB": 20, "allowAutoConverge": True}}
    mine = policy("p", {"a": "1"}, bandwidthPerMigration="64Mi", allowPostCopy=True)
    made = migrationsettings.settings(installation, mine)
    assert made["allowWorkloadDisruption"] is True
    assert migrationsettings.order(made, 3 << 30) == {
        "bandwidth": 64 << 20,
        "completion": 60.0,
        "progress": 150.0,
        "auto_converge": True,
        "disrupt": True,
    }


def test_without_anything_said_the_limits_are_kubevirts():
    assert migrationsettings.limits({}) == Limits(5, 2)
    assert migrationsettings.order(migrationsettings.settings({}), 1)["completion"] == 150.0
