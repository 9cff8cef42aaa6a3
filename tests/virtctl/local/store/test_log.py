from virtctl.local.store.log import Change, ChangeType, Key, Log
from virtctl.local.store.memory import MemoryLog


def test_cache_of_encodings_is_no_part_of_a_change() -> None:
    one = Change(1, Key("c", "n", "a"), ChangeType.ADDED, b"x", None)
    other = Change(1, Key("c", "n", "a"), ChangeType.ADDED, b"x", None)
    one.encoded["ADDED"] = b"line"
    assert one == other


def test_keys_sort_by_namespace_and_name() -> None:
    keys = [Key("c", "b", "a"), Key("c", "a", "z"), Key("c", "a", "b")]
    assert [key.name for key in sorted(keys)] == ["b", "z", "a"]


def test_memory_log_is_a_log() -> None:
    log: Log = MemoryLog()
    assert log.revision == 0
