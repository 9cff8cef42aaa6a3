from virtctl.local.runtime import migrating


def pod(uid, job="", deleting=False):
    metadata = {"uid": uid, "labels": {migrating.JOB: job} if job else {}}
    if deleting:
        metadata["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    return {"metadata": metadata}


def test_the_guest_is_in_its_first_pod_until_it_is_said_to_be_elsewhere():
    first, second = pod("p1"), pod("p2", job="m")
    assert migrating.guest_pod({}, [second, first]) is first
    assert migrating.guest_pod({}, [second]) is None
    there = {"status": {"activePods": {"p2": "node2"}}}
    assert migrating.guest_pod(there, [first, second]) is second


def test_a_pod_that_goes_matters_only_when_there_is_no_other():
    going, staying = pod("p1", deleting=True), pod("p2")
    assert migrating.guest_pod({}, [going, staying]) is staying
    assert migrating.guest_pod({}, [going]) is going


def test_a_state_is_of_its_migration():
    vmi = {"status": {"migrationState": {"migrationUid": "m"}}}
    assert migrating.state_of(vmi) == {"migrationUid": "m"}
    assert migrating.state_of(vmi, "other") == {}
    assert migrating.is_under_way(migrating.state_of(vmi))
    for end in ("completed", "failed"):
        ended = {"status": migrating.with_state(vmi, **{end: True})}
        assert not migrating.is_under_way(migrating.state_of(ended))
    assert not migrating.is_under_way({})
