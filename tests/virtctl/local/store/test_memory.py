from virtctl.local.store.log import Change, ChangeType, Key
from virtctl.local.store.memory import MemoryLog


def change(revision: int, type_: ChangeType, name: str = "a") -> Change:
    previous = None if type_ is ChangeType.ADDED else b"old"
    return Change(revision, Key("c", "", name), type_, str(revision).encode(), previous)


def test_history_is_bounded() -> None:
    log = MemoryLog(history=2)
    log.append([change(1, ChangeType.ADDED), change(2, ChangeType.MODIFIED)])
    assert (log.revision, log.compacted) == (2, 0)
    log.append([change(3, ChangeType.DELETED)])
    assert (log.revision, log.compacted) == (3, 1)
    assert [item.revision for item in log.since(1)] == [2, 3]
    assert list(log.records()) == []
    log.close()
