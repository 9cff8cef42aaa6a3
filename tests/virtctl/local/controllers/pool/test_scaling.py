import pytest

from virtctl.local.controllers.pool.scaling import (
    candidates,
    failing,
    free_indices,
    in_order,
    is_stable,
    selected,
)
from virtctl.local.controllers.pool.seen import Seen


def vm(index, born="2026-01-01T00:00:00Z", **status):
    return {
        "metadata": {"name": f"pool1-{index}", "uid": f"u{index}", "creationTimestamp": born},
        "spec": {"template": {"metadata": {"labels": {"n": str(index)}}}},
        "status": status,
    }


MACHINES = [vm(2, "2026-01-03T00:00:00Z"), vm(10, "2026-01-01T00:00:00Z"), vm(1)]


@pytest.mark.parametrize(
    ("policy", "wanted"),
    [
        ("AscendingOrder", ["pool1-1", "pool1-2", "pool1-10"]),
        ("DescendingOrder", ["pool1-10", "pool1-2", "pool1-1"]),
        ("Newest", ["pool1-2", "pool1-10", "pool1-1"]),
        ("Oldest", ["pool1-10", "pool1-1", "pool1-2"]),
    ],
)
def test_order(policy, wanted):
    ordered = in_order(MACHINES, {"sortPolicy": policy}, "seed")
    assert [one["metadata"]["name"] for one in ordered] == wanted


def test_chance_depends_on_the_seed():
    many = [vm(index) for index in range(20)]
    assert in_order(many, {}, "a") == in_order(many, {}, "a")
    assert in_order(many, {}, "a") != in_order(many, {}, "b")


def test_numbers_in_use_are_skipped():
    pool = {"metadata": {"name": "pool1"}}
    seen = Seen(pool=pool, taken=frozenset({"pool1-0", "pool1-2", "other-1"}))
    assert free_indices(seen, 3) == [1, 3, 4]


def test_selectors_look_at_templates():
    policy = {"selectors": {"labelSelector": {"matchLabels": {"n": "2"}}}}
    assert selected(MACHINES, policy) == [MACHINES[0]]
    nodes = [{"key": "disk", "operator": "Exists"}]
    policy = {"selectors": {"nodeSelectorRequirementMatcher": nodes}}
    assert selected(MACHINES, policy) == []
    assert selected(MACHINES, {}) == MACHINES


def test_only_selected_machines_are_removed():
    policy = {"selectionPolicy": {"selectors": {"labelSelector": {"matchLabels": {"n": "1"}}}}}
    pool = {"metadata": {"uid": "p"}, "spec": {"scaleInStrategy": {"proactive": policy}}}
    assert candidates(Seen(pool=pool, machines=tuple(MACHINES)), 0) == [MACHINES[2]]


def test_stable_counts_all_machines():
    pool = {"spec": {"replicas": 3}}
    assert is_stable(Seen(pool=pool, machines=tuple(MACHINES)))
    assert not is_stable(Seen(pool={}, machines=tuple(MACHINES)))


def unready(since):
    return [{"type": "Ready", "status": "False", "lastTransitionTime": since}]


def test_machines_that_fail_for_long_are_ill():
    now = 1_767_225_600.0  # 2026-01-01T00:00:00Z
    long, lately = "2025-12-31T23:50:00Z", "2025-12-31T23:59:00Z"
    machines = (
        vm(0, startFailure={"consecutiveFailCount": 3}),
        vm(1, printableStatus="CrashLoopBackOff", conditions=unready(long)),
        vm(2, printableStatus="CrashLoopBackOff", conditions=unready(lately)),
        vm(3, printableStatus="Stopped", conditions=unready(long)),
    )
    seen = Seen(pool={"spec": {"autohealing": {}}}, machines=machines)
    assert failing(seen, now) == list(machines[:2])
