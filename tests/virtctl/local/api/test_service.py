import asyncio

import pytest

from tests.fakes.service import USER, ListSchemas, make_service
from virtctl import errors
from virtctl.local.api.service import DeleteOptions, Hooks, WriteOptions
from virtctl.models.kinds import (
    CONFIG_MAP,
    NAMESPACE,
    NODE,
    POD,
    SECRET,
    VIRTUAL_MACHINE,
    VIRTUAL_MACHINE_INSTANCE,
)
from virtctl.wire.patches import PatchBody, PatchType, json_patch, merge_patch

BY_USER = WriteOptions(actor=USER)


def vm(name="web", **spec):
    return {"metadata": {"name": name}, "spec": {"runStrategy": "Halted", **spec}}


@pytest.fixture
def service():
    return make_service(Hooks(schemas=ListSchemas()))


@pytest.fixture
def stored(service):
    return service.create(VIRTUAL_MACHINE, "default", vm())


def revision(document) -> int:
    return int(document["metadata"]["resourceVersion"])


# Creating


def test_create_gives_identity(service, stored) -> None:
    assert stored["apiVersion"] == "kubevirt.io/v1"
    assert stored["metadata"]["namespace"] == "default"
    assert stored["metadata"]["creationTimestamp"] == "2026-01-01T00:00:00Z"
    assert stored["metadata"]["generation"] == 1
    assert stored["metadata"]["uid"].startswith("uid-")
    assert revision(stored) == service.revision
    assert service.get(VIRTUAL_MACHINE, "default", "web") == stored


def test_generate_name(service) -> None:
    made = service.create(POD, "default", {"metadata": {"generateName": "virt-launcher-web-"}})
    assert made["metadata"]["name"] == "virt-launcher-web-bbbbb"
    long = service.create(POD, "default", {"metadata": {"generateName": "x" * 80}})
    assert len(long["metadata"]["name"]) == 63


def test_status_is_not_created(service) -> None:
    made = service.create(VIRTUAL_MACHINE, "default", {**vm("a"), "status": {"ready": True}})
    assert "status" not in made
    instance = {"metadata": {"name": "a"}, "spec": {}, "status": {"phase": "Running"}}
    assert "status" in service.create(VIRTUAL_MACHINE_INSTANCE, "default", instance)
    node = {"metadata": {"name": "n"}, "status": {"capacity": {}}}
    assert "status" in service.create(NODE, None, node)


@pytest.mark.parametrize(
    ("namespace", "document", "error", "message"),
    [
        ("default", {"metadata": {}}, errors.Invalid, "name or generateName is required"),
        ("default", vm("A_b"), errors.Invalid, "RFC 1123 subdomain"),
        ("default", vm("x" * 254), errors.Invalid, "no more than 253"),
        ("nowhere", vm(), errors.NotFound, 'namespaces "nowhere" not found'),
        (None, vm(), errors.BadRequest, "needs a namespace"),
        (
            "default",
            {"metadata": {"name": "a", "namespace": "other"}},
            errors.BadRequest,
            "does not match the namespace sent",
        ),
        (
            "default",
            {"metadata": {"name": "a", "resourceVersion": "1"}},
            errors.ApiError,
            "resourceVersion should not be set",
        ),
        (
            "default",
            {"metadata": {"name": "A_b", "resourceVersion": "1"}},
            errors.Invalid,
            "RFC 1123 subdomain",
        ),
        (
            "default",
            {"apiVersion": "v1", **vm()},
            errors.BadRequest,
            r"API version in the data \(v1\) does not match",
        ),
        ("default", {"metadata": []}, errors.BadRequest, "`metadata` must be an object"),
    ],
)
def test_create_refuses(service, namespace, document, error, message) -> None:
    before = service.revision
    with pytest.raises(error, match=message):
        service.create(VIRTUAL_MACHINE, namespace, document)
    assert service.revision == before


def test_create_twice(service, stored) -> None:
    with pytest.raises(errors.AlreadyExists, match='"web" already exists'):
        service.create(VIRTUAL_MACHINE, "default", vm())
    service.create(VIRTUAL_MACHINE, "other", vm())


def test_dry_run_stores_nothing(service) -> None:
    before = service.revision
    made = service.create(VIRTUAL_MACHINE, "default", vm(), WriteOptions(dry_run=True))
    assert made["metadata"]["uid"]
    assert service.revision == before


def test_field_validation(service) -> None:
    strict = WriteOptions(actor=USER, field_validation="Strict")
    with pytest.raises(errors.BadRequest, match=r'strict decoding error: unknown field "spec\.bog'):
        service.create(VIRTUAL_MACHINE, "default", vm(bogus=1), strict)
    warn = WriteOptions(actor=USER, field_validation="Warn")
    made = service.create(VIRTUAL_MACHINE, "default", vm(bogus=1), warn)
    assert warn.warnings == ['unknown field "spec.bogus"']
    assert "bogus" not in made["spec"]


def test_secrets_are_normalized(service) -> None:
    secret = {"metadata": {"name": "s"}, "stringData": {"a": "b"}}
    made = service.create(SECRET, "default", secret)
    assert (made["type"], made["data"], "stringData" in made) == ("Opaque", {"a": "Yg=="}, False)


# Updating


def test_spec_changes_count_generations(service, stored) -> None:
    stored["spec"]["runStrategy"] = "Always"
    stored["status"] = {"ready": True}
    new = service.update(VIRTUAL_MACHINE, "default", "web", stored)
    assert new["metadata"]["generation"] == 2
    assert "status" not in new
    new["status"] = {"ready": True}
    new["spec"] = {}
    newer = service.update(VIRTUAL_MACHINE, "default", "web", new, subresource="status")
    assert newer["metadata"]["generation"] == 2
    assert newer["spec"]["runStrategy"] == "Always"
    assert newer["status"] == {"ready": True}


def test_nothing_changed_nothing_written(service, stored) -> None:
    same = service.update(VIRTUAL_MACHINE, "default", "web", stored)
    assert same == stored
    empty = service.patch(VIRTUAL_MACHINE, "default", "web", merge_patch({}))
    assert revision(empty) == revision(stored)


def test_stale_update_conflicts(service, stored) -> None:
    service.patch(VIRTUAL_MACHINE, "default", "web", merge_patch({"spec": {"a": 1}}))
    stored["spec"]["a"] = 2
    with pytest.raises(errors.Conflict, match="the object has been modified"):
        service.update(VIRTUAL_MACHINE, "default", "web", stored)
    patch = merge_patch({"metadata": {"resourceVersion": "1"}})
    with pytest.raises(errors.Conflict, match="the object has been modified"):
        service.patch(VIRTUAL_MACHINE, "default", "web", patch)


def test_custom_resources_need_a_revision(service, stored) -> None:
    with pytest.raises(errors.Invalid, match="must be specified for an update"):
        service.update(VIRTUAL_MACHINE, "default", "web", vm(), options=BY_USER)
    service.create(CONFIG_MAP, "default", {"metadata": {"name": "c"}})
    service.update(
        CONFIG_MAP, "default", "c", {"metadata": {"name": "c"}, "data": {}}, options=BY_USER
    )


def test_identity_stays(service, stored) -> None:
    patch = {"metadata": {"creationTimestamp": None, "generation": 77, "labels": {"a": "b"}}}
    new = service.patch(VIRTUAL_MACHINE, "default", "web", merge_patch(patch))
    kept = {**new["metadata"], "labels": None, "resourceVersion": None}
    assert kept == {**stored["metadata"], "labels": None, "resourceVersion": None}
    with pytest.raises(errors.BadRequest, match="does not match the name on the URL"):
        service.update(VIRTUAL_MACHINE, "default", "web", vm("other"))
    other = {"metadata": {"uid": "other"}}
    with pytest.raises(errors.Conflict, match="Precondition failed: UID"):
        service.update(VIRTUAL_MACHINE, "default", "web", {**vm("web"), **other})
    with pytest.raises(errors.Invalid, match=r"metadata.uid: .* field is immutable") as refused:
        service.patch(VIRTUAL_MACHINE, "default", "web", merge_patch(other))
    assert [cause.field for cause in refused.value.details.causes] == ["metadata.uid"] * 2


def test_patches(service, stored) -> None:
    new = service.patch(
        VIRTUAL_MACHINE,
        "default",
        "web",
        json_patch({"op": "replace", "path": "/spec/runStrategy", "value": "Once"}),
    )
    assert new["spec"]["runStrategy"] == "Once"
    with pytest.raises(errors.UnsupportedMediaType):
        service.patch(VIRTUAL_MACHINE, "default", "web", PatchBody(PatchType.STRATEGIC, {}))
    with pytest.raises(errors.BadRequest):
        service.patch(VIRTUAL_MACHINE, "default", "web", PatchBody(PatchType.MERGE, []))
    with pytest.raises(errors.NotFound):
        service.patch(VIRTUAL_MACHINE, "default", "none", merge_patch({}))
    containers = [{"name": "a", "image": "1"}, {"name": "b"}]
    pod = {"metadata": {"name": "p"}, "spec": {"containers": containers}}
    service.create(POD, "default", pod)
    body = {"spec": {"containers": [{"name": "a", "image": "2"}]}}
    new = service.patch(POD, "default", "p", PatchBody(PatchType.STRATEGIC, body))
    assert new["spec"]["containers"] == [{"name": "a", "image": "2"}, {"name": "b"}]


# Server-side apply


def apply(service, manager, spec, **options):
    body = {"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachine", "spec": spec}
    made = WriteOptions(actor=USER, field_manager=manager, **options)
    return service.patch(
        VIRTUAL_MACHINE, "default", "web", PatchBody(PatchType.APPLY, body), options=made
    )


def test_apply_creates_and_changes(service) -> None:
    made = apply(service, "one", {"runStrategy": "Halted"})
    assert made["metadata"]["uid"]
    assert revision(apply(service, "one", {"runStrategy": "Halted"})) == revision(made)
    assert apply(service, "one", {"runStrategy": "Always"})["metadata"]["generation"] == 2
    with pytest.raises(errors.Conflict, match=r'conflict with "one": \.spec\.runStrategy'):
        apply(service, "two", {"runStrategy": "Manual"})
    forced = apply(service, "two", {"runStrategy": "Manual"}, force=True)
    assert [entry["manager"] for entry in forced["metadata"]["managedFields"]] == ["two"]
    with pytest.raises(errors.Invalid, match="fieldManager: Required value"):
        apply(service, "", {})


def test_updates_are_managed_too(service) -> None:
    options = WriteOptions(actor=USER, field_manager="edit")
    made = service.create(VIRTUAL_MACHINE, "default", vm(), options)
    assert made["metadata"]["managedFields"][0]["manager"] == "edit"
    with pytest.raises(errors.Conflict, match='conflict with "edit" using kubevirt'):
        apply(service, "one", {"runStrategy": "Always"})
    new = service.patch(VIRTUAL_MACHINE, "default", "web", merge_patch({"spec": {"x": 1}}))
    assert new["metadata"]["managedFields"] == made["metadata"]["managedFields"]


# Deleting


def test_delete(service, stored) -> None:
    removal = service.delete(VIRTUAL_MACHINE, "default", "web")
    assert removal.gone
    assert removal.object["metadata"]["uid"] == stored["metadata"]["uid"]
    with pytest.raises(errors.NotFound, match='"web" not found'):
        service.delete(VIRTUAL_MACHINE, "default", "web")


def test_finalizers_hold(service, stored) -> None:
    finalize = merge_patch({"metadata": {"finalizers": ["a.b/c"]}})
    service.patch(VIRTUAL_MACHINE, "default", "web", finalize)
    removal = service.delete(VIRTUAL_MACHINE, "default", "web")
    assert not removal.gone
    assert removal.object["metadata"]["deletionTimestamp"] == "2026-01-01T00:00:00Z"
    assert removal.object["metadata"]["generation"] == 2
    again = service.delete(VIRTUAL_MACHINE, "default", "web")
    assert revision(again.object) == revision(removal.object)
    more = merge_patch({"metadata": {"finalizers": ["a.b/c", "more"]}})
    with pytest.raises(errors.Invalid, match="no new finalizers can be added"):
        service.patch(VIRTUAL_MACHINE, "default", "web", more)
    service.patch(
        VIRTUAL_MACHINE, "default", "web", merge_patch({"metadata": {"finalizers": None}})
    )
    assert not service.exists(VIRTUAL_MACHINE, "default", "web")


def test_kinds_of_others(service) -> None:
    """A custom resource is what its URL says; a kind of the core must be what it says itself."""
    made = service.create(VIRTUAL_MACHINE, "default", {"kind": "Pod", **vm()})
    assert made["kind"] == "VirtualMachine"
    with pytest.raises(errors.BadRequest, match='Pod in version "v1" cannot be handled as a Secr'):
        service.create(SECRET, "default", {"kind": "Pod", "metadata": {"name": "s"}})


@pytest.mark.parametrize(
    ("propagation", "finalizers"),
    [("Foreground", ["foregroundDeletion"]), ("Orphan", ["orphan"])],
)
def test_propagation(service, stored, propagation, finalizers) -> None:
    options = DeleteOptions(propagation=propagation)
    removal = service.delete(VIRTUAL_MACHINE, "default", "web", options)
    assert removal.object["metadata"]["finalizers"] == finalizers
    assert service.delete(
        VIRTUAL_MACHINE, "default", "web", DeleteOptions(propagation="Background")
    ).gone


def test_unknown_propagation(service, stored) -> None:
    with pytest.raises(errors.Invalid, match="Unsupported value"):
        service.delete(VIRTUAL_MACHINE, "default", "web", DeleteOptions(propagation="Sideways"))


def test_preconditions(service, stored) -> None:
    for options in (
        DeleteOptions(precondition_uid="x"),
        DeleteOptions(precondition_resource_version="1"),
    ):
        with pytest.raises(errors.Conflict, match="in the precondition"):
            service.delete(VIRTUAL_MACHINE, "default", "web", options)
    dry = DeleteOptions(dry_run=True, precondition_uid=stored["metadata"]["uid"])
    assert service.delete(VIRTUAL_MACHINE, "default", "web", dry).gone
    assert service.exists(VIRTUAL_MACHINE, "default", "web")


def test_pods_wait_for_their_node(service) -> None:
    pod = {
        "metadata": {"name": "p"},
        "spec": {"nodeName": "n", "terminationGracePeriodSeconds": 60},
    }
    service.create(POD, "default", pod)
    marked = service.delete(POD, "default", "p").object["metadata"]
    assert marked["deletionTimestamp"] == "2026-01-01T00:01:00Z"
    assert marked["deletionGracePeriodSeconds"] == 60
    shorter = service.delete(POD, "default", "p", DeleteOptions(grace_period_seconds=5))
    assert shorter.object["metadata"]["deletionGracePeriodSeconds"] == 5
    longer = service.delete(POD, "default", "p", DeleteOptions(grace_period_seconds=50))
    assert longer.object["metadata"]["deletionGracePeriodSeconds"] == 5
    assert service.delete(POD, "default", "p", DeleteOptions(grace_period_seconds=0)).gone


def test_unscheduled_pods_go_at_once(service) -> None:
    service.create(POD, "default", {"metadata": {"name": "p"}})
    assert service.delete(POD, "default", "p").gone


def test_namespace_is_finalized(service) -> None:
    removal = service.delete(NAMESPACE, None, "other")
    assert not removal.gone
    assert removal.object["status"]["phase"] == "Terminating"
    with pytest.raises(errors.Forbidden, match="because it is being terminated"):
        service.create(VIRTUAL_MACHINE, "other", vm("late"))
    removal.object["spec"]["finalizers"] = []
    service.update(NAMESPACE, None, "other", removal.object, subresource="finalize")
    assert not service.exists(NAMESPACE, None, "other")


def test_some_namespaces_stay(service) -> None:
    with pytest.raises(errors.Forbidden, match="this namespace may not be deleted"):
        service.delete(NAMESPACE, None, "default")


def test_delete_collection(service) -> None:
    for name in "abc":
        document = vm(name)
        document["metadata"]["labels"] = {"keep": str(name == "b").lower()}
        service.create(VIRTUAL_MACHINE, "default", document)
    gone = service.delete_collection(VIRTUAL_MACHINE, "default", labels="keep=false")
    assert [item["metadata"]["name"] for item in gone] == ["a", "c"]
    assert len(service.list(VIRTUAL_MACHINE).items) == 1


# Listing


def names(listing) -> list[str]:
    return [item["metadata"]["name"] for item in listing.items]


@pytest.fixture
def four(service):
    for name in "dbca":
        service.create(VIRTUAL_MACHINE, "default", vm(name))
    service.create(VIRTUAL_MACHINE, "other", vm("a"))
    return service


def test_list(four) -> None:
    assert names(four.list(VIRTUAL_MACHINE, "default")) == ["a", "b", "c", "d"]
    assert len(four.list(VIRTUAL_MACHINE).items) == 5
    assert names(four.list(VIRTUAL_MACHINE, fields="metadata.name=b")) == ["b"]
    with pytest.raises(errors.BadRequest, match="field label not supported"):
        four.list(VIRTUAL_MACHINE, fields="spec.x=1")


def test_pages_are_of_one_moment(four) -> None:
    first = four.list(VIRTUAL_MACHINE, "default", limit=2)
    assert (names(first), first.remaining) == (["a", "b"], 2)
    four.delete(VIRTUAL_MACHINE, "default", "c")
    four.create(VIRTUAL_MACHINE, "default", vm("bb"))
    second = four.list(VIRTUAL_MACHINE, "default", continue_token=first.continue_token)
    assert (names(second), second.continue_token) == (["c", "d"], "")
    assert second.resource_version == first.resource_version


def test_old_pages_expire() -> None:
    service = make_service(history=2)
    for name in "abcd":
        service.create(VIRTUAL_MACHINE, "default", vm(name))
    token = service.list(VIRTUAL_MACHINE, limit=1).continue_token
    for name in "efg":
        service.create(VIRTUAL_MACHINE, "default", vm(name))
    with pytest.raises(errors.Gone):
        service.list(VIRTUAL_MACHINE, continue_token=token)


@pytest.mark.parametrize("text", ["abc", "-1", "1.5"])
def test_bad_revisions(service, text) -> None:
    with pytest.raises(errors.BadRequest, match="invalid resource version"):
        service.list(VIRTUAL_MACHINE, resource_version=text)


# Watching


async def take(watch, number: int):
    found = []
    async with asyncio.timeout(60):
        async for event in watch:
            found.append((event.type, event.object["metadata"].get("name")))
            if len(found) == number:
                break
    return found


async def test_watch_replays_and_follows(service, stored) -> None:
    watch = service.watch(VIRTUAL_MACHINE, "default")
    service.patch(VIRTUAL_MACHINE, "default", "web", merge_patch({"spec": {"a": 1}}))
    service.create(VIRTUAL_MACHINE, "other", vm("elsewhere"))
    service.delete(VIRTUAL_MACHINE, "default", "web")
    assert await take(watch, 3) == [("ADDED", "web"), ("MODIFIED", "web"), ("DELETED", "web")]
    watch.close()


async def test_watch_since(service, stored) -> None:
    since = service.revision
    service.create(VIRTUAL_MACHINE, "default", vm("b"))
    watch = service.watch(VIRTUAL_MACHINE, since=since)
    assert await take(watch, 1) == [("ADDED", "b")]
    watch.close()
    assert await take(watch, 1) == []


async def test_selected_objects_come_and_go(service, stored) -> None:
    watch = service.watch(VIRTUAL_MACHINE, labels="on=yes", since=service.revision)
    for value in ("yes", "yes", "no"):
        body = {"metadata": {"labels": {"on": value}}, "spec": {"x": service.revision}}
        service.patch(VIRTUAL_MACHINE, "default", "web", merge_patch(body))
    assert await take(watch, 3) == [("ADDED", "web"), ("MODIFIED", "web"), ("DELETED", "web")]
    watch.close()


async def test_initial_events_end_with_a_bookmark(service, stored) -> None:
    watch = service.watch(VIRTUAL_MACHINE, since=1, bookmarks=True, initial_events=True)
    assert await take(watch, 2) == [("ADDED", "web"), ("BOOKMARK", None)]
    watch.close()


async def test_forgotten_revisions() -> None:
    service = make_service(history=2)
    for name in "abc":
        service.create(VIRTUAL_MACHINE, "default", vm(name))
    with pytest.raises(errors.Gone, match="too old resource version: 1"):
        service.watch(VIRTUAL_MACHINE, since=1)


def _labels(document):
    return tuple(document["metadata"].get("labels", {}))


def test_what_is_derived_is_remembered_until_the_object_changes(service) -> None:
    service.create(CONFIG_MAP, "default", {"metadata": {"name": "a", "labels": {"x": "1"}}})
    asked = []

    def what(document):
        asked.append(document["metadata"]["name"])
        return _labels(document)

    assert list(service.derived(CONFIG_MAP, what)) == [("x",)]
    assert list(service.derived(CONFIG_MAP, what)) == [("x",)]
    assert asked == ["a"]
    service.patch(CONFIG_MAP, "default", "a", merge_patch({"metadata": {"labels": {"y": "2"}}}))
    assert list(service.derived(CONFIG_MAP, what)) == [("x", "y")]
    service.delete(CONFIG_MAP, "default", "a")
    assert list(service.derived(CONFIG_MAP, what)) == []
