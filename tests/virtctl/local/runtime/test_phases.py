from virtctl.local.runtime import phases


def test_each_phase_is_noted_once():
    status = {}
    phases.enter(status, "Pending", 1_767_225_600)
    phases.enter(status, "Pending", 1_767_225_660)
    phases.enter(status, "Scheduling", 1_767_225_660)
    assert status["phase"] == "Scheduling"
    assert [one["phase"] for one in status["phaseTransitionTimestamps"]] == [
        "Pending",
        "Scheduling",
    ]


def test_over_is_succeeded_or_failed():
    assert phases.is_final({"status": {"phase": "Failed"}})
    assert not phases.is_final({"status": {"phase": "Running"}})
    assert phases.phase_of({}) == ""
