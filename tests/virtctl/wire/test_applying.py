import json

import pytest

from tests.fakes.structure import FakeStructure
from virtctl.errors import Conflict
from virtctl.wire import applying
from virtctl.wire.applying import APPLY, UPDATE, Writer

keys = FakeStructure({("spec", "volumes"): ("name",)}, atomic=[("spec", "selector")])


def writer(manager: str, operation: str = APPLY, subresource: str = "") -> Writer:
    return Writer(manager, operation, "g/v1", "2026-01-01T00:00:00Z", subresource)


def apply(live, spec, manager="one", *, force=False):
    wanted = {"apiVersion": "g/v1", "kind": "T", "metadata": {"name": "a"}, "spec": spec}
    return applying.apply(live, wanted, writer(manager), keys, force=force)


def managers(document):
    return [(entry.writer.manager, entry.writer.operation) for entry in applying.entries(document)]


def test_first_apply_owns_what_it_sets() -> None:
    made = apply({}, {"a": 1, "volumes": [{"name": "v"}]})
    (entry,) = made["metadata"]["managedFields"]
    assert entry["fieldsV1"] == {
        "f:spec": {"f:a": {}, "f:volumes": {'k:{"name":"v"}': {".": {}, "f:name": {}}}}
    }
    assert apply(made, {"a": 1, "volumes": [{"name": "v"}]}) == made


def test_what_is_no_longer_applied_goes() -> None:
    made = apply({}, {"a": 1, "b": {"c": 1}, "volumes": [{"name": "v"}, {"name": "w"}]})
    made["spec"]["by-default"] = True
    made = apply(made, {"a": 1, "volumes": [{"name": "w"}]})
    assert made["spec"] == {"a": 1, "volumes": [{"name": "w"}], "by-default": True}


def test_shared_fields_stay() -> None:
    made = apply(apply({}, {"a": 1}), {"a": 1, "b": 2}, "two")
    made = apply(made, {"c": 3})
    assert made["spec"] == {"a": 1, "b": 2, "c": 3}


def test_conflict_names_manager_and_field() -> None:
    made = apply({}, {"a": 1})
    with pytest.raises(Conflict, match=r'1 conflict: conflict with "one": \.spec\.a') as caught:
        apply(made, {"a": 2}, "two")
    (cause,) = caught.value.details.causes
    assert (cause.reason, cause.field) == ("FieldManagerConflict", ".spec.a")
    forced = apply(made, {"a": 2}, "two", force=True)
    assert forced["spec"] == {"a": 2}
    assert managers(forced) == [("two", APPLY)]


def test_conflicts_with_updates() -> None:
    made = apply({}, {"a": 1, "b": 1})
    changed = {**made, "spec": {"a": 2, "b": 2}}
    applying.track(made, changed, writer("edit", UPDATE), keys)
    assert managers(changed) == [("edit", UPDATE)]
    with pytest.raises(Conflict, match=r'2 conflicts: conflicts with "edit" using g/v1:\n- \.spec'):
        apply(changed, {"a": 1, "b": 1})


def test_track_create_and_removal() -> None:
    made = {"metadata": {"name": "a"}, "spec": {"a": 1, "b": 1}}
    applying.track(None, made, writer("create", UPDATE), keys)
    less = {"metadata": {"name": "a"}, "spec": {"a": 1}}
    applying.track(made, less, writer("other", UPDATE), keys)
    assert managers(less) == [("create", UPDATE)]
    (entry,) = less["metadata"]["managedFields"]
    assert entry["fieldsV1"] == {"f:spec": {"f:a": {}}}


def test_track_without_change_keeps_entries() -> None:
    made = apply({}, {"a": 1})
    same = {**made, "metadata": {"name": "a"}}
    applying.track(made, same, writer("x", UPDATE), keys)
    assert managers(same) == [("one", APPLY)]
    forgotten = {**made, "metadata": {"name": "a", "managedFields": [{}]}}
    applying.track(made, forgotten, writer("x", UPDATE), keys)
    assert managers(forgotten) == []


def test_subresources_are_told_apart() -> None:
    made = {"status": {"a": 1}}
    applying.track(None, made, writer("x", UPDATE, "status"), keys)
    assert made["metadata"]["managedFields"][0]["subresource"] == "status"
    with pytest.raises(Conflict, match='"x" with subresource "status" using g/v1'):
        applying.apply(made, {"status": {"a": 2}}, writer("x"), keys, force=False)


def test_what_nobody_kept_was_somebodys_before_the_first_apply() -> None:
    live = {"metadata": {"name": "a"}, "spec": {"a": 1}}
    with pytest.raises(Conflict, match="before-first-apply"):
        apply(live, {"a": 2})
    made = apply(live, {"a": 1, "b": 2})
    assert managers(made) == [("one", APPLY), ("before-first-apply", UPDATE)]


def test_atomic_objects_are_applied_as_a_whole() -> None:
    made = apply({}, {"selector": {"a": 1}})
    with pytest.raises(Conflict, match="selector"):
        apply(made, {"selector": {"b": 1}}, "two")
    forced = apply(made, {"selector": {"b": 1}}, "two", force=True)
    assert forced["spec"]["selector"] == {"b": 1}


def test_nobody_owns_anything_until_somebody_applies() -> None:
    old = {"spec": {"a": 1}}
    new = {"spec": {"a": 2}}
    applying.track(old, new, writer("x", UPDATE), keys)
    assert "managedFields" not in new.get("metadata", {})


def test_what_changes_nothing_has_no_time() -> None:
    made = apply({}, {"a": 1})
    both = apply(made, {"a": 1}, "two")
    times = [entry.get("time") for entry in both["metadata"]["managedFields"]]
    assert times[0] is None
    assert times[1]


def test_kubectl_takes_over_what_it_applied_itself() -> None:
    noted = json.dumps({"spec": {"a": 1}})
    live = {
        "metadata": {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": noted}},
        "spec": {"a": 1, "b": 1},
    }
    applying.track(None, live, writer("kubectl-client-side-apply", UPDATE), keys)
    assert apply(live, {"a": 2}, "kubectl")["spec"] == {"a": 2, "b": 1}
    for manager, wanted in (("other", {"a": 2}), ("kubectl", {"a": 2, "b": 2})):
        with pytest.raises(Conflict):
            apply(live, wanted, manager)


def test_ports_are_of_tcp_unless_they_say_so() -> None:
    made = {"spec": {"ports": [{"port": 80, "protocol": "TCP", "name": "a"}]}}
    ports = FakeStructure({("spec", "ports"): ("port", "protocol")})
    applying.track(None, made, writer("x", UPDATE), ports)
    wanted = {"spec": {"ports": [{"port": 80, "name": "b"}]}}
    with pytest.raises(Conflict, match=r'ports\[port=80,protocol="TCP"\]\.name'):
        applying.apply(made, wanted, writer("y"), ports, force=False)
