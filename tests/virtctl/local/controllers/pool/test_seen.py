from virtctl.local.controllers.pool.seen import (
    Seen,
    has,
    index_of,
    is_available,
    replicas,
    revision_name,
)


def test_names_tell_numbers():
    assert index_of({"metadata": {"name": "my-pool-12"}}) == 12
    assert index_of({"metadata": {"name": "my-pool"}}) == 0


def test_one_replica_unless_given():
    assert replicas({}) == 1
    assert replicas({"spec": {"replicas": 0}}) == 0


def test_an_empty_strategy_is_one():
    pool = {"spec": {"updateStrategy": {"unmanaged": {}}}}
    assert has(pool, "updateStrategy", "unmanaged")
    assert not has(pool, "updateStrategy", "proactive")


def test_revisions_are_called_by_generation():
    assert revision_name({"metadata": {"name": "p", "generation": 3}}) == "p-3"


def test_machines_stay_or_leave():
    leaving = {"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}}
    seen = Seen(pool={}, machines=({"metadata": {}}, leaving))
    assert seen.leaving == [leaving]
    assert seen.staying == [{"metadata": {}}]


def test_available_is_running_and_ready():
    ready = [{"type": "Ready", "status": "True"}]
    vmi = {"metadata": {}, "status": {"phase": "Running", "conditions": ready}}
    assert is_available(vmi)
    assert not is_available(None)
    assert not is_available({**vmi, "metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}})
    assert not is_available({**vmi, "status": {"phase": "Scheduled", "conditions": ready}})
