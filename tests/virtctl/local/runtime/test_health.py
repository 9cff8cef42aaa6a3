from virtctl.local.runtime.health import SETTLED, Health, State


def test_a_job_of_which_nothing_was_told_is_well():
    assert Health().of("names", 0.0) == State()


def test_a_failed_job_is_well_again_after_a_while():
    health = Health()
    health.failed("names", "no socket", 100.0)
    health.failed("names", "no address", 101.0)
    assert health.of("names", 101.0 + SETTLED / 2) == State(2, "no address")
    assert health.of("names", 101.0 + SETTLED) == State(2)
    assert health.of("pods", 101.0) == State()
