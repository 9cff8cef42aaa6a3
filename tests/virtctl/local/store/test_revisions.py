import pytest

from virtctl.local.store.broadcast import TooOld
from virtctl.local.store.log import Key
from virtctl.local.store.memory import MemoryLog
from virtctl.local.store.revisions import Changed, Missing, Present, Store


def key(name: str, namespace: str = "n", collection: str = "c") -> Key:
    return Key(collection, namespace, name)


@pytest.fixture
def store():
    made = Store(MemoryLog(history=6))
    yield made
    made.close()


def test_one_revision_for_all(store) -> None:
    assert store.next_revision == 1
    assert store.create(key("a"), b"1").revision == 1
    assert store.create(key("a", collection="d"), b"1").revision == 2
    assert store.update(key("a"), b"2", expected=1).revision == 3
    assert store.delete(key("a")).revision == 4
    assert store.get(key("a")) is None
    assert (store.revision, store.count("c"), store.count("d")) == (4, 0, 1)


def test_compare_and_swap(store) -> None:
    store.create(key("a"), b"1")
    with pytest.raises(Present):
        store.create(key("a"), b"2")
    with pytest.raises(Changed):
        store.update(key("a"), b"2", expected=9)
    with pytest.raises(Changed):
        store.delete(key("a"), expected=9)
    with pytest.raises(Missing):
        store.update(key("b"), b"2")
    assert store.revision == 1


def test_lists_are_sorted_and_cut(store) -> None:
    for name, namespace in (("b", "n"), ("a", "o"), ("a", "n")):
        store.create(key(name, namespace), b"")
    assert [(k.namespace, k.name) for k, _ in store.all("c")] == [
        ("n", "a"), ("n", "b"), ("o", "a")
    ]  # fmt: skip
    assert len(store.all("c", "o")) == 1
    assert store.all("none") == []


def test_lists_follow_changes(store) -> None:
    for where in (("b", "n"), ("a", "n"), ("a", "m"), ("z", "nn")):
        store.create(key(*where), b"1")
    before = store.all("c", "n")
    store.update(key("a"), b"2")
    assert [(found.name, record.value) for found, record in store.all("c", "n")] == [
        ("a", b"2"),
        ("b", b"1"),
    ]
    assert [record.value for _, record in before] == [b"1", b"1"]
    store.delete(key("b"))
    assert [found.name for found, _ in store.all("c", "n")] == ["a"]
    assert [found[1:] for found, _ in store.all("c")] == [("m", "a"), ("n", "a"), ("nn", "z")]
    assert store.all("c", "mm") == store.all("d", "n") == []


def test_past_can_be_listed(store) -> None:
    store.create(key("a"), b"1")
    store.create(key("b"), b"1")
    then = store.revision
    store.update(key("a"), b"2")
    store.delete(key("b"))
    store.create(key("c"), b"1")
    past = store.list_at("c", then)
    assert [(k.name, record.value) for k, record in past] == [("a", b"1"), ("b", b"1")]
    assert store.list_at("c", store.revision) == store.all("c")
    assert store.list_at("c", then, "other") == []


def test_what_has_not_changed_is_listed_as_it_is(store) -> None:
    store.create(key("a"), b"1")
    then = store.revision
    store.create(key("a", collection="d"), b"1")
    assert store.list_at("c", then) == store.all("c")
    assert store.list_at("d", then) == []
    for number in range(9):
        store.create(key(str(number), collection="d"), b"")
    with pytest.raises(TooOld):
        store.list_at("c", then)


def test_forgotten_past(store) -> None:
    for number in range(9):
        store.create(key(str(number)), b"")
    assert store.compacted == 3
    with pytest.raises(TooOld):
        store.list_at("c", 2)
    with pytest.raises(TooOld):
        store.subscribe("c", since=1)


def test_subscription_starts_where_asked(store) -> None:
    store.create(key("a"), b"1")
    store.create(key("b"), b"1")
    since = store.subscribe("c", since=1)
    now = store.subscribe("c")
    store.create(key("d"), b"1")
    assert [item.key.name for item in since.pending()] == ["b", "d"]
    assert [item.key.name for item in now.pending()] == ["d"]
