from hypothesis import given
from hypothesis import strategies as st

from virtctl.local.runtime import conditions
from virtctl.local.runtime.conditions import condition, merged

OLD = [
    {"type": "A", "status": "True", "lastTransitionTime": "2025-01-01T00:00:00Z"},
    {"type": "B", "status": "False", "lastTransitionTime": "2025-01-01T00:00:00Z"},
]
NOW = 1_767_225_600


def test_order_and_times_are_kept_unless_the_status_moves():
    made = merged(OLD, [condition("B", "True"), condition("A", "True", reason="R")], NOW)
    assert made == [
        {
            "lastTransitionTime": "2025-01-01T00:00:00Z",
            "type": "A",
            "status": "True",
            "reason": "R",
        },
        {"lastTransitionTime": "2026-01-01T00:00:00Z", "type": "B", "status": "True"},
    ]


def test_new_ones_follow_and_dropped_ones_go():
    made = merged(OLD, [condition("C", "True")], NOW, drop=("A",))
    assert [one["type"] for one in made] == ["B", "C"]


def test_looking_one_up():
    document = {"status": {"conditions": OLD}}
    assert conditions.holds(document, "A")
    assert not conditions.holds(document, "B")
    assert conditions.find_condition(document, "C") is None


@given(st.lists(st.tuples(st.sampled_from("ABCD"), st.sampled_from(["True", "False"]))))
def test_merging_twice_changes_nothing(wanted):
    found = [condition(kind, status) for kind, status in dict(wanted).items()]
    once = merged(OLD, found, NOW)
    assert merged(once, found, NOW + 60) == once
