from virtctl.local.runtime.times import micro_stamp, seconds, stamp


def test_stamps_are_utc_in_whole_seconds():
    assert stamp(1_767_225_600.9) == "2026-01-01T00:00:00Z"
    assert micro_stamp(1_767_225_600.5) == "2026-01-01T00:00:00.500000Z"


def test_reading_undoes_writing():
    assert seconds(stamp(1_767_225_600)) == 1_767_225_600
    assert seconds("") == 0
    assert seconds("yesterday") == 0
